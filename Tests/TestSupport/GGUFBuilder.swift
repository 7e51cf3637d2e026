/// The bytes of a GGUF file, well formed or not; it shares no code with the reader and the planner.
package struct GGUFBuilder: Sendable {
  /// Which way round integers are stored, and how wide counts are.
  package struct Form: Sendable {
    package var version: UInt32 = 3
    package var isBigEndian = false

    package static let v1 = Form(version: 1)
    package static let bigEndian = Form(isBigEndian: true)

    package func word(_ value: UInt64, _ width: Int) -> [UInt8] {
      let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
      return isBigEndian ? bytes.reversed() : bytes
    }

    package func length(_ value: Int) -> [UInt8] { word(UInt64(value), version == 1 ? 4 : 8) }
    package func text(_ text: String) -> [UInt8] { bytes(Array(text.utf8)) }
    package func bytes(_ bytes: [UInt8]) -> [UInt8] { length(bytes.count) + bytes }
  }

  package var form = Form()
  /// The pairs, encoded.
  package var pairs: [[UInt8]] = []
  /// The infos, encoded.
  package var infos: [[UInt8]] = []
  package var alignment = 32
  /// What follows the padding behind the infos.
  package var data: [UInt8] = []
  /// What the header says of the number of pairs, unless it is right.
  package var pairCount: UInt64?
  /// What the header says of the number of tensors, unless it is right.
  package var tensorCount: UInt64?
  package var magic = Array("GGUF".utf8)

  package init(_ form: Form = Form()) { self.form = form }

  /// A file with one pair, `general.architecture`.
  package static func simple(_ form: Form = Form()) -> GGUFBuilder {
    var file = GGUFBuilder(form)
    file.add("general.architecture", type: 8, form.text("test"))
    return file
  }

  package mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    pairs.append(form.text(key) + form.word(UInt64(type), 4) + value)
  }

  package mutating func add(_ key: String, u32 value: UInt32) {
    add(key, type: 4, form.word(UInt64(value), 4))
  }

  package mutating func add(_ key: String, arrayOf type: UInt32, count: Int, _ payload: [UInt8]) {
    add(key, type: 9, array(of: type, count: count, payload))
  }

  package func array(of type: UInt32, count: Int, _ payload: [UInt8]) -> [UInt8] {
    form.word(UInt64(type), 4) + form.length(count) + payload
  }

  package mutating func add(tensor name: String, dims: [UInt64], type: UInt32, offset: UInt64) {
    infos.append(
      form.text(name) + form.word(UInt64(dims.count), 4)
        + dims.flatMap { form.word($0, form.version == 1 ? 4 : 8) } + form.word(UInt64(type), 4)
        + form.word(offset, 8)
    )
  }

  /// Adds a tensor behind those that are there, with its data padded.
  package mutating func append(tensor name: String, dims: [UInt64], type: UInt32, _ bytes: [UInt8]) {
    add(tensor: name, dims: dims, type: type, offset: UInt64(data.count))
    data += bytes
    data += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
  }

  /// The header without the padding.
  package var header: [UInt8] {
    magic + form.word(UInt64(form.version), 4)
      + form.word(tensorCount ?? UInt64(infos.count), form.version == 1 ? 4 : 8)
      + form.word(pairCount ?? UInt64(pairs.count), form.version == 1 ? 4 : 8)
      + pairs.flatMap(\.self) + infos.flatMap(\.self)
  }

  /// The file.
  package var bytes: [UInt8] {
    let header = header
    if infos.isEmpty { return header + data }
    let padding = (alignment - header.count % alignment) % alignment
    return header + [UInt8](repeating: 0, count: padding) + data
  }
}
