internal import ModelIR

extension ONNXFault {
  /// The rule in words: what is wrong, and what would be right.
  var words: (problem: String, expected: String?) {
    encodingWords ?? modelWords ?? tensorWords ?? externalWords ?? sparseWords ?? ("is broken", nil)
  }

  private static let stopped = "a stopped download looks like this"

  private var encodingWords: (String, String?)? {
    switch rule {
    case .cutShort(ofFile: true): ("the file ends within a field", Self.stopped)
    case .cutShort(ofFile: false): ("a field goes on behind the message that holds it", nil)
    case .contentBeyondEnd(let length, let left, let ofFile):
      ofFile
        ? ("a field has \(length) bytes and the file \(left) more", Self.stopped)
        : ("a field has \(length) bytes and the message that holds it \(left) more", nil)
    case .contentTooLong(let length):
      ("a field has \(length) bytes", "protobuf allows \(WireReader.longestContent)")
    case .varintTooLong: ("a number takes more than 10 bytes or 64 bits", nil)
    case .wrongFieldNumber(let number): ("a field has the number \(number)", "1 to 536870911")
    case .wrongWireType(let type): ("a field has the wire type \(type)", "0 to 5 exist")
    case .groupNotClosed: ("a group has no end", nil)
    case .groupNotOpened: ("a group ends that was not begun", nil)
    case .nestedTooDeep(let limit): ("messages are nested deeper than \(limit)", "protobuf's own limit")
    case .tooManyFields(let limit): ("has more than \(limit) fields", nil)
    case .tooMuchContent(let limit):
      ("the description of its graphs and tensors takes more than \(limit) bytes of memory", nil)
    case .messageTwice: ("stands twice where one is allowed", nil)
    default: nil
    }
  }

  private var modelWords: (String, String?)? {
    switch rule {
    case .noVersion: ("has no ir_version", "an ONNX model says it")
    case .noGraph: ("holds no graph", "an ONNX model has one")
    case .noOperation: ("a node has no operator", nil)
    case .nameTooLong(let length, let limit): ("a name has \(length) bytes", "at most \(limit)")
    case .nameNotUTF8: ("a name is no UTF-8", "--lenient reads it")
    case .noName: ("an initializer has no name", nil)
    case .recursiveFunction(let name): ("the function \(name) calls itself", "functions may not be recursive")
    case .callsTooDeep(let limit): ("functions call one another deeper than \(limit)", nil)
    case .duplicateInitializer: ("the graph has two initializers of this name", nil)
    default: nil
    }
  }

  private var tensorWords: (String, String?)? {
    switch rule {
    case .unknownType(let type): ("the element type \(type) is unknown", "types 1 to 28 exist")
    case .tooManyDimensions(let limit): ("has more than \(limit) dimensions", nil)
    case .negativeDimension(let axis, let extent): ("dimension \(axis) is \(extent)", nil)
    case .tooManyElements: ("the number of elements reaches 2^63", nil)
    case .segment: ("is stored in segments", "no runtime reads those")
    case .noElements(let count): ("has \(count) elements by its dimensions, and none is stored", nil)
    case .severalValueFields(let fields):
      ("elements stand in \(fields.joined(separator: " and "))", "in one field")
    case .wrongValueField(let field, let expected):
      ("elements stand in \(field)", "for this type \(expected)")
    case .rawStrings: ("strings stand in raw_data", "string_data")
    case .wrongByteCount(let count, let expected):
      ("has \(count) bytes", "\(expected) by the element type and the dimensions")
    case .wrongEntryCount(let count, let expected, let field):
      ("has \(count) entries in \(field)", "\(expected) by the element type and the dimensions")
    case .wrongVarintBytes(let bytes, let entries, let field):
      ("has \(bytes) bytes in \(field)", "\(entries) entries of 1 to 10 bytes")
    default: nil
    }
  }

  private var externalWords: (String, String?)? {
    switch rule {
    case .noFolder: ("the elements are in another file", "a folder to look for it in")
    case .externalStrings: ("strings are in another file", "string_data")
    case .externalAndStored: ("elements are in another file and in this one", nil)
    case .unknownDataLocation(let value): ("data_location is \(value)", "0 or 1")
    case .duplicateKey(let key): ("\(key) stands twice in external_data", nil)
    case .noLocation: ("external_data says no location", nil)
    case .absoluteLocation(let path):
      ("the elements are in the file \"\(path)\", an absolute path", "a path within the model's folder")
    case .locationLeavesFolder(let path):
      ("the elements are in the file \"\(path)\"", "a path within the model's folder, without ..")
    case .nulInLocation(let path): ("the elements are in the file \"\(path)\", which has a NUL", nil)
    case .wrongNumber(let key, let text): ("\(key) is \"\(text)\"", "a decimal number")
    case .offsetBeyondEnd(let offset, let file, let count):
      ("the elements start at byte \(offset) of \(file), which has \(count)", Self.stopped)
    case .dataBeyondEnd(let file, let missing):
      ("\(missing) bytes are missing at the end of \(file)", Self.stopped)
    case .wrongExternalLength(let length, let expected):
      ("length is \(length)", "\(expected) by the element type and the dimensions")
    case .unusableFile(let path, _, let problem): ("the file \"\(path)\" of its elements: \(problem)", nil)
    default: nil
    }
  }

  private var sparseWords: (String, String?)? {
    switch rule {
    case .sparseWithoutValues: ("is sparse and has no values", nil)
    case .sparseWithoutIndices: ("is sparse and has values without indices", nil)
    case .sparseScalar: ("is sparse and has no dimension", nil)
    case .sparseEmptyDimension(let axis): ("is sparse and dimension \(axis) is 0", nil)
    case .sparseValuesRank(let rank): ("its values have \(rank) dimensions", "1")
    case .sparseStrings: ("is sparse and of strings", nil)
    case .sparseIndexType(let type): ("its indices are \(type)", "INT64")
    case .sparseIndexRank(let rank): ("its indices have \(rank) dimensions", "1 or 2")
    case .sparseIndexCount(let count, let expected):
      ("has \(count) indices", "\(expected), one for each value")
    case .sparseCoordinates(let count, let expected):
      ("its indices have \(count) coordinates", "\(expected), one for each dimension")
    default: nil
    }
  }
}
