/// ZipNN, as a script runs it on the same bytes.
struct ZipNN {
  /// What was measured: compressed bytes per byte, and GB of the dense form per CPU-second.
  struct Figures {
    var share: Double
    var compressing: Double
    var decompressing: Double
  }

  private let command: [String]
  private let scratch: ScratchFolder

  /// Nil where the setting names no script.
  init?(_ setting: Setting) {
    guard let python = setting.zipnn, let script = setting.zipnnScript else { return nil }
    command = [python, script]
    scratch = setting.scratch
  }

  /// Measures the bytes, the best of so many rounds.
  func measure(_ input: LosslessInput, rounds: Int) throws -> Figures {
    let (data, result) = (scratch.path + "/zipnn.bin", scratch.path + "/zipnn.txt")
    try ScratchFolder.write(input.bytes, to: data)
    _ = try ProcessMeter.run(command + [data, input.type, "\(rounds)", result])
    let numbers = String(decoding: try ScratchFolder.read(result), as: UTF8.self).split { $0.isWhitespace }
    guard numbers.count == 3, let share = Double(numbers[0]), let compressing = Double(numbers[1]),
      let decompressing = Double(numbers[2])
    else { throw WrongResult(description: "the script that measures ZipNN answers \(numbers)") }
    return Figures(share: share, compressing: compressing, decompressing: decompressing)
  }
}
