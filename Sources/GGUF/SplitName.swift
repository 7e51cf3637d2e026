/// The name of a shard: `<prefix>-00001-of-00003.gguf`, counted from 1.
///
/// (llama.cpp, `llama_split_path`: `"%s-%05d-of-%05d.gguf"`.)
public struct SplitName: Sendable, Hashable {
  /// What the names of all shards start with.
  public var prefix: String
  /// Which shard it is, from 1 on.
  public var number: Int
  /// How many there are.
  public var count: Int

  /// The name of shard `number` of `count`.
  public init(prefix: String, number: Int, count: Int) {
    self.prefix = prefix
    self.number = number
    self.count = count
  }

  /// The parts of a file's name; nil where it does not follow the pattern.
  public init?(_ name: String) {
    guard name.hasSuffix(".gguf") else { return nil }
    let fields = name.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, fields[fields.count - 2] == "of",
      let number = Int(fields[fields.count - 3]), let count = Int(fields[fields.count - 1]),
      number > 0, number <= count
    else { return nil }
    let made = SplitName(
      prefix: fields.dropLast(3).joined(separator: "-"),
      number: number,
      count: count
    )
    guard made.text == name else { return nil }
    self = made
  }

  /// The name as a file has it.
  public var text: String { "\(prefix)-\(Self.padded(number))-of-\(Self.padded(count)).gguf" }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
  }
}
