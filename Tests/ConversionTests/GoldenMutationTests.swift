import Conversion
import Foundation
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("The library's folders with one thing wrong")
struct GoldenMutationTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// How many mutations of each tensor are tried; a long search raises it.
  static let rounds = Int(ProcessInfo.processInfo.environment["LACUNA_TEST_ROUNDS"] ?? "") ?? 1

  static let types = ["U8", "I8", "F8_E4M3", "I16", "F16", "BF16", "I32", "F32", "I64", "BOOL", "F8_E8M0"]

  /// Another shape: one extent a little off, or an axis more or less.
  static func shape(_ shape: [UInt64], _ generator: inout SeededGenerator) -> [UInt64] {
    guard !shape.isEmpty, generator.next() % 3 > 0 else {
      return generator.next() % 2 == 0 || shape.isEmpty ? shape + [1] : Array(shape.dropLast())
    }
    var shape = shape
    let axis = Int(generator.next() % UInt64(shape.count))
    switch generator.next() % 4 {
    case 0: shape[axis] += 1
    case 1: shape[axis] = shape[axis] == 0 ? 1 : shape[axis] - 1
    case 2: shape[axis] = 0
    default: shape[axis] *= 2
    }
    return shape
  }

  /// How many ways there are for ``convert(_:_:)``.
  static let ways: UInt64 = 7

  /// What is done with the folder `in`; nil where it is only looked at.
  static func options(_ way: Int) -> ConversionOptions? {
    switch way {
    case 0: return ConversionBench.restoring()
    case 1: return ConversionBench.restoring(to: .bfloat16)
    case 2: return ConversionBench.restoring(to: .float32)
    case 3, 4:
      var options = ConversionBench.options("bitmask")
      options.target = .compressedTensors
      options.asReference = way == 3
      options.verify = way == 4
      return options
    case 5: return ConversionBench.options("keep")
    default: return nil
    }
  }

  /// Looks at the folder `in`, masks, codes and all.
  func look() throws {
    let opened = try OpenedModel(bench.path("in"))
    let pool = ChunkPool(threads: 1)
    _ = try Inspector(pool: pool, chunkBytes: 1 << 14, progress: WorkProgress()).inspect(opened.model)
    _ = try IntegrityChecker(pool: pool, chunkBytes: 1 << 14, progress: WorkProgress()).check(opened)
  }

  /// Converts the folder `in`, or looks at it, in one of several ways; a refusal must be a clean one.
  func convert(_ way: Int, _ what: String) throws {
    guard var options = Self.options(way) else {
      do { try look() } catch let fault as any Fault {
        try #require(fault.diagnosis.kind == .badData, "\(what): \(fault)")
      }
      return
    }
    options.force = true
    // What is written must be readable by anyone: no name twice, no gap.
    do {
      try bench.convert("in", "out", options)
      let file = try #require(bench.temporary.entries(of: "out").first { $0.hasSuffix(".safetensors") })
      let bytes = try bench.temporary.read("out/\(file)")
      let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
      let parts = try StoredTensors(bytes)
      try #require(parts.entries.reduce(8 + length) { $0 + $1.data.count } == bytes.count, "\(what)")
      try #require(header.components(separatedBy: "\"dtype\"").count - 1 == parts.entries.count, "\(what)")
      try bench.temporary.remove("out")
    } catch let fault as any Fault {
      // Some codes cannot stand beside sparse parts; the request is to blame then.
      let isRequest = (way == 3 || way == 4) && fault.diagnosis.kind == .usage
      if isRequest { return }
      try #require(fault.diagnosis.kind == .badData, "\(what): \(fault)")
      try #require(fault.diagnosis.file != nil, "\(what): \(fault)")
      try #require(try bench.temporary.entries() == ["in"], "\(what)")
    }
  }

  @Test(
    "a tensor that is missing, or of another type or shape, is refused or makes no difference",
    arguments: GoldenFolder.all
  )
  func tensors(_ folder: GoldenFolder) throws {
    try withSeed { generator in
      try folder.put(in: bench)
      let golden = try folder.tensors("model")
      for name in golden.names {
        for round in 0..<3 * Self.rounds {
          var changed = golden
          let entry = try #require(golden[name])
          let what: String
          switch round % 3 {
          case 0:
            changed[name] = nil
            what = "without \(name)"
          case 1:
            let type = Self.types.filter { $0 != entry.type }.randomElement(using: &generator) ?? "U8"
            changed[name] = entry.reshaped(type: type)
            what = "\(name) \(type)"
          default:
            let shape = Self.shape(entry.shape, &generator)
            changed[name] = entry.reshaped(shape: shape)
            what = "\(name) \(shape)"
          }
          if changed.entries.isEmpty { continue }
          try bench.temporary.write(changed.bytes, to: "in/model.safetensors")
          try convert(Int(generator.next() % Self.ways), what)
        }
      }
    }
  }

  @Test("random bytes in the data of a tensor are refused, or are other values", arguments: GoldenFolder.all)
  func data(_ folder: GoldenFolder) throws {
    try withSeed { generator in
      try folder.put(in: bench)
      let golden = try folder.tensors("model")
      for name in golden.names.shuffled(using: &generator).prefix(4 * Self.rounds) {
        for _ in 0..<Self.rounds {
          var changed = golden
          let entry = try #require(golden[name])
          var bytes = entry.data
          for _ in 0..<min(bytes.count, 1 << Int(generator.next() % 6)) {
            bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
          }
          changed[name] = .init(name, entry.type, entry.shape, bytes)
          try bench.temporary.write(changed.bytes, to: "in/model.safetensors")
          try convert(Int(generator.next() % Self.ways), name)
        }
      }
    }
  }

  /// All values that stand somewhere within a document, by where they stand.
  static func paths(_ value: Any, _ path: [String] = []) -> [[String]] {
    var found = [path]
    if let object = value as? [String: Any] {
      for key in object.keys.sorted() { found += paths(object[key] ?? 0, path + [key]) }
    }
    return found
  }

  /// A document with the value at a path replaced; nil takes it out.
  static func replacing(_ value: Any, _ path: ArraySlice<String>, by other: Any?) -> Any? {
    guard let key = path.first, var object = value as? [String: Any] else { return other }
    object[key] = replacing(object[key] ?? NSNull(), path.dropFirst(), by: other)
    return object
  }

  @Test(
    "a value of config.json that is missing or any other is refused or makes no difference",
    arguments: GoldenFolder.of(1...20)
  )
  func config(_ folder: GoldenFolder) throws {
    try withSeed { generator in
      try folder.put(in: bench)
      let text = try #require(folder.config)
      let config = try JSONSerialization.jsonObject(with: Data(text))
      let others: [Any?] = [
        nil, NSNull(), 0, -1, 1, 3, 1 << 40, 0.5, 1e300, true, "", "x", "int", "float", "group", "block",
        "tensor_group",
        "pack-quantized", "dense", "sparse-bitmask", "mixed-precision", "naive-quantized", "0.9.0", "0.3",
        "re:(a+)+$",
        [Any](), ["Linear"], ["re:.*"], [128, 128], [0, 0], [String: Any](), ["x": ["y": NSNull()]],
      ]
      let paths = Self.paths(config).filter { $0.first == "quantization_config" }
      for path in paths.shuffled(using: &generator).prefix(5 * Self.rounds) {
        for _ in 0..<Self.rounds {
          guard let other = others.randomElement(using: &generator) else { continue }
          guard let changed = Self.replacing(config, path[...], by: other) else { continue }
          let data = try JSONSerialization.data(withJSONObject: changed)
          try bench.temporary.write([UInt8](data), to: "in/config.json")
          try convert(Int(generator.next() % Self.ways), "\(path) \(String(describing: other))")
        }
      }
    }
  }
}
