internal import ModelIR

extension GGUFFault {
  /// The rule in words: what is wrong, and what would be right.
  var words: (problem: String, expected: String?) {
    switch rule {
    case .wrongMagic(let bytes): Self.words(ofMagic: bytes)
    case .unsupportedVersion(let version): ("GGUF version \(version) is unknown", "versions 1 to 3 exist")
    case .version1: ("is of GGUF version 1", "--lenient reads it; llama.cpp does not")
    case .bigEndian: ("is big-endian", "--lenient reads it; llama.cpp does not")
    case .cutShort(let field):
      ("the file ends within the header, in \(field)", "a stopped download looks like this")
    case .countTooLarge(let things, let count, let room):
      ("the header announces \(count) \(things)", "the rest of the file has room for \(room)")
    case .tooMany(let things, let limit): ("has more than \(limit) \(things)", nil)
    case .tooMuchText(let limit): ("keys, texts and names have more than \(limit) bytes", nil)
    case .stringTooLong(let length): ("a string has \(length) bytes", "at most \(GGUFHeader.longestRun)")
    case .stringBeyondEnd(let length, let left):
      ("a string has \(length) bytes and the file \(left) more", "a stopped download looks like this")
    case .emptyKey: ("a key is empty", "--lenient reads it; llama.cpp does not")
    case .keyTooLong(let length, let limit): ("a key has \(length) bytes", "at most \(limit) are read")
    case .keyNotUTF8: ("a key is no UTF-8", nil)
    case .duplicateKey: ("stands twice in the header", nil)
    case .unknownValueType(let type): ("the value has the unknown type \(type)", "types 0 to 12 exist")
    case .nestedArray: ("is an array of arrays", "--lenient reads it; llama.cpp does not")
    case .nestedArrayBeyondGGUF:
      ("is an array of arrays, which only GGUF can hold", "--to gguf, or a model without the key")
    case .nestedTooDeep(let limit): ("arrays are nested deeper than \(limit)", nil)
    case .arrayTooLong(let count): ("an array has \(count) elements", "at most \(GGUFHeader.longestRun)")
    case .arrayBeyondEnd(let count, let type, let left):
      (
        "an array has \(count) elements of type \(type.name) and the file \(left) more bytes",
        "a stopped download looks like this"
      )
    case .textNotUTF8: ("the text is no UTF-8", nil)
    case .tooManyElementsAtOnce(let limit): ("more than \(limit) elements are asked for at once", nil)
    case .wrongAlignmentType(let type): ("is of type \(type.name)", "type u32")
    case .wrongAlignment(let value): ("is \(value)", "a power of two")
    case .nameTooLong(let length, let limit):
      (
        "the tensor's name has \(length) bytes",
        limit == GGUFHeader.longestName ? "at most \(limit); --lenient reads it" : "at most \(limit)"
      )
    case .nameNotUTF8: ("a tensor's name is no UTF-8", nil)
    case .duplicateTensor: ("stands twice in the header", nil)
    case .tooManyDimensions(let count): ("has \(count) dimensions", "at most \(GGUFHeader.mostDimensions)")
    case .negativeDimension(let axis, let extent):
      ("dimension \(axis) is \(extent), which is negative for a signed integer", nil)
    case .tooManyElements: ("the number of elements reaches 2^63 - 1", nil)
    case .unknownTensorType(let type): Self.words(ofTensorType: type)
    case .rowNotBlocks(let type, let elements):
      ("rows have \(elements) elements", "a multiple of \(type.blockElements), the block of \(type.name)")
    case .tooManyBytes: ("the number of bytes exceeds 64 bits", nil)
    case .dataBeyondEnd(let start):
      ("the data start at byte \(start), behind the end of the file", "a stopped download looks like this")
    case .wrongOffset(let offset, let expected):
      (
        "the data's offset is \(offset)",
        "\(expected), where the tensor before it ends: no gap and no overlap"
      )
    case .overlap(let other): ("the data overlap with those of \(other.text)", nil)
    case .dataCutShort(let missing):
      ("the file is cut short, \(missing) bytes are missing", "a stopped download looks like this")
    case .paddingCutShort(let missing):
      (
        "\(missing) bytes of padding are missing at the end",
        "--lenient reads it; llama.cpp does not load it"
      )
    case .shapeOverflow(let dims):
      ("dimensions \(dims): the number of elements is 0, and on the way exceeds 64 bits", nil)
    case .cannotSwap(let type):
      ("is big-endian, of type \(type.name)", "that type's bytes are not swapped here")
    }
  }

  private static func words(ofMagic bytes: [UInt8]) -> (String, String?) {
    switch bytes {
    case Array("PWRI".utf8): return ("is a file of PowerInfer, which is no GGUF", "it starts with GGUF")
    case Array("ggml".utf8), Array("lmgg".utf8), Array("tjgg".utf8), Array("fmgg".utf8):
      return ("is of a format before GGUF", "llama.cpp's old converters make a GGUF file of it")
    default:
      let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      return ("starts with the bytes \(hex)", "a GGUF file starts with 47 47 55 46")
    }
  }

  private static func words(ofTensorType type: UInt32) -> (String, String?) {
    switch type {
    case 4, 5: ("type \(type) is Q4_\(type - 2), which ggml has removed", nil)
    case 31...33, 36...38:
      (
        "type \(type) is one that ggml has removed",
        "forks of llama.cpp use the number for types of their own"
      )
    case 43...: ("type \(type) is unknown", "numbers above 42 belong to forks of llama.cpp")
    default: ("type \(type) is unknown", nil)
    }
  }
}
