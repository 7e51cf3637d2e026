internal import ModelIR
internal import Safetensors

/// How a folder's weight files are called on the way out.
///
/// A folder with sparse parts never has names that other loaders find: transformers opens unknown parts with
/// random weights and no error. Dense output has the ordinary names again.
enum OutputNames {
  private static let suffix = ".safetensors"

  /// Whether a file of the input is called as a weight file of a folder is.
  static func isWeightFile(_ name: String) -> Bool { name.hasSuffix(suffix) }

  /// A weight file's name with or without our mark.
  static func weightFile(_ name: String, isSparse: Bool) -> String {
    let stem = name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    return marked(stem, isSparse: isSparse) + suffix
  }

  /// An index's name with or without our mark.
  static func index(_ name: String, isSparse: Bool) -> String {
    let ending = WeightFiles.indexSuffix
    let stem = name.hasSuffix(ending) ? String(name.dropLast(ending.count)) : name
    return marked(stem, isSparse: isSparse) + ending
  }

  private static func marked(_ stem: String, isSparse: Bool) -> String {
    let mark = WeightFiles.privateMark
    let plain = stem.hasSuffix(mark) ? String(stem.dropLast(mark.count)) : stem
    return isSparse ? plain + mark : plain
  }

  /// The name of shard `number` of `count`, counted from 1, as the Hub names it; of an only shard, the name
  /// without numbers.
  static func shard(_ number: Int, of count: Int, isSparse: Bool) -> String {
    /// Five digits, more if they are needed.
    func padded(_ value: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }
    let stem = count == 1 ? "model" : "model-\(padded(number))-of-\(padded(count))"
    return weightFile(stem + suffix, isSparse: isSparse)
  }
}
