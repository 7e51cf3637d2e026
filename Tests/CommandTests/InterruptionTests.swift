import TestSupport
import Testing

@Suite("Interrupted and competing runs")
struct InterruptionTests {
  let temporary: TemporaryFolder

  /// A model of 64 MB, which takes the debug build a while.
  init() throws {
    temporary = try TemporaryFolder()
    var data = [UInt8](repeating: 0, count: 64_000_000)
    for index in stride(from: 0, to: data.count, by: 2) { data[index] = 3 }
    try temporary.write(
      SafetensorsBuilder([.init("w", "U8", [8000, 8000], data)]).bytes,
      to: "m.safetensors"
    )
    try temporary.createFolder("in")
    try temporary.link("in/model.safetensors", to: temporary.path("m.safetensors"))
  }

  @Test(
    "an interrupted run leaves the old output whole and nothing else",
    arguments: [("INT", 130), ("TERM", 143)]
  )
  func signals(_ name: String, _ code: Int32) throws {
    try temporary.write("old", to: "out")
    let line = """
      set -m
      $L convert m.safetensors out --force --layout csr & run=$!
      while [ ! -e .out.lacuna-part ] && kill -0 $run 2>/dev/null; do sleep 0.01; done
      kill -\(name) $run; wait $run
      """
    let result = try LacunaProcess.run(shell: line, in: temporary.path)
    #expect(result.code == code, "\(result.errors)")
    #expect(result.errors.contains("nothing was left behind"))
    #expect(try temporary.entries() == ["in", "m.safetensors", "out"])
    #expect(try temporary.read("out") == Array("old".utf8))
  }

  @Test("a run that was killed leaves the old output whole, and the next run takes its leftover over")
  func killed() throws {
    let line = """
      $L convert m.safetensors out --layout csr & run=$!
      while [ ! -e .out.lacuna-part ] && kill -0 $run 2>/dev/null; do sleep 0.01; done
      kill -KILL $run; wait $run 2>/dev/null
      [ ! -e out ] || exit 9
      $L convert m.safetensors out --layout bitmask --quiet
      """
    let result = try LacunaProcess.run(shell: line, in: temporary.path)
    #expect(result.code == 0, "\(result.errors)")
    #expect(try temporary.entries() == ["in", "m.safetensors", "out"])
  }

  @Test("of two runs to one output the second ends with 75 and the first is not disturbed")
  func competing() throws {
    let line = """
      $L convert m.safetensors out --layout csr --quiet & run=$!
      while [ ! -e .out.lacuna-part ] && kill -0 $run 2>/dev/null; do sleep 0.01; done
      $L convert m.safetensors out --layout bitmask --quiet; second=$?
      wait $run; echo "$? $second"
      """
    let result = try LacunaProcess.run(shell: line, in: temporary.path)
    #expect(result.output == "0 75\n", "\(result.errors)")
  }
}
