import Foundation
import TestSupport
import Testing

@Suite("inspect --html")
struct InspectPageCommandTests {
  let temporary: TemporaryFolder

  /// `m` has a matrix of 100 by 70 whose upper left is empty, and a name that ends a script; `bad` is broken.
  init() throws {
    temporary = try TemporaryFolder()
    let matrix = (0..<7000).map { UInt8($0 / 70 < 50 && $0 % 70 < 35 || $0 % 3 == 0 ? 0 : 1) }
    try temporary.write(
      SafetensorsBuilder([
        .init("model.layers.0.w", "U8", [100, 70], matrix), .init("</script><b>", "U8", [2], [0, 1]),
      ]).bytes,
      to: "m"
    )
    try temporary.write(SafetensorsBuilder(header: "{", data: []).bytes, to: "bad")
  }

  private func run(_ words: String...) throws -> LacunaProcess.Result {
    try LacunaProcess.run(words, in: temporary.path)
  }

  /// The document of a page.
  private func document(of name: String) throws -> [String: Any] {
    let text = String(decoding: try temporary.read(name), as: UTF8.self)
    let start = try #require(text.range(of: "id=\"report\">"))
    let end = try #require(text.range(of: "</script>", range: start.upperBound..<text.endIndex))
    return try parsed(String(text[start.upperBound..<end.lowerBound]))
  }

  private func parsed(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func tensors(_ document: [String: Any]) throws -> [[String: Any]] {
    let models = try #require(document["models"] as? [[String: Any]])
    return try models.flatMap { try #require($0["tensors"] as? [[String: Any]]) }
  }

  /// The map of densities of a tensor.
  private func map(of tensor: [String: Any]) throws -> [String: Any] {
    let deep = try #require(tensor["deep"] as? [String: Any])
    return try #require(deep["density_map"] as? [String: Any])
  }

  /// What a document says but for its schema and its maps, with its keys in order.
  private func rest(of document: [String: Any]) throws -> String {
    /// A value without what differs.
    func bare(_ value: Any) -> Any {
      if let array = value as? [Any] { return array.map(bare) }
      guard let object = value as? [String: Any] else { return value }
      return object.filter { !["schema", "density_map"].contains($0.key) }.mapValues(bare)
    }
    let data = try JSONSerialization.data(withJSONObject: bare(document), options: .sortedKeys)
    return String(decoding: data, as: UTF8.self)
  }

  @Test("The page holds what --deep --json gives, with maps as levels; results are shown as ever")
  func written() throws {
    let result = try run("inspect", "--html", "out.html", "m", "m")
    #expect(result.code == 0, "\(result.errors)")
    #expect(try result.output == run("inspect", "m", "m").output)
    let page = try document(of: "out.html")
    let report = try parsed(run("inspect", "--deep", "--json", "m", "m").output)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var compared = 0
    for (drawn, told) in zip(try tensors(page), try tensors(report)) {
      let maps = try [drawn, told].map(map)
      let nonzeros = try #require(maps[1]["nonzeros"] as? [Int])
      let elements = try #require(maps[1]["elements"] as? [Int])
      for key in ["rows", "columns"] { #expect(maps[0][key] as? Int == maps[1][key] as? Int) }
      var levels = Array(try #require(maps[0]["levels"] as? String))
      if levels.count == 1 { levels = Array(repeating: levels[0], count: nonzeros.count) }
      try #require(levels.count == nonzeros.count)
      for (index, letter) in levels.enumerated() {
        let level = try #require(alphabet.firstIndex(of: letter))
        let share = Double(nonzeros[index]) / Double(elements[index])
        #expect(abs(Double(level) / 63 - share) <= 1.0 / 63)
        #expect((level == 0) == (nonzeros[index] == 0))
        #expect((level == 63) == (nonzeros[index] == elements[index]))
        compared += 1
      }
    }
    #expect(compared == 2 * (64 * 64 + 2))
    let isEqual = try rest(of: page) == rest(of: report)
    #expect(isEqual)
  }

  @Test("A file that exists is refused before the work, unless --force is given")
  func refused() throws {
    try temporary.write("x", to: "out.html")
    let refused = try run("inspect", "--html", "out.html", "m")
    #expect(refused.code == 73)
    #expect(refused.output.isEmpty)
    #expect(try temporary.read("out.html") == Array("x".utf8))
    #expect(try run("inspect", "--html", "out.html", "--force", "m").code == 0)
    #expect(try temporary.read("out.html").starts(with: Array("<!DOCTYPE html>".utf8)))
    let model = try temporary.read("m")
    #expect(try run("inspect", "--html", "m", "--force", "m").code == 73, "an input is never overwritten")
    #expect(try temporary.read("m") == model)
  }

  @Test(
    "What goes wrong has its code and leaves no page",
    arguments: [
      (64, "--headers-only --html out.html m"), (65, "--html out.html bad"), (66, "--html out.html nothing"),
      (73, "--html none/out.html m"), (64, "--html . m"),
    ] as [(Int32, String)]
  )
  func failures(_ code: Int32, _ line: String) throws {
    let result = try LacunaProcess.run(
      ["inspect"] + line.split(separator: " ").map(String.init),
      in: temporary.path
    )
    #expect(result.code == code, "\(result.errors)")
    #expect(try Set(temporary.entries()) == ["bad", "m"])
  }

  @Test("Of several models those that could be read are on the page")
  func partly() throws {
    let result = try run("inspect", "--html", "out.html", "bad", "m")
    #expect(result.code == 65)
    #expect(try tensors(document(of: "out.html")).count == 2)
  }
}
