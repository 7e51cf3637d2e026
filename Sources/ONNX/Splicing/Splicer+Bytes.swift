/// Changes of bytes; the number is that of the change whose payloads are streamed.
extension Splicer {
  /// Several messages as fields of one number.
  func fields(
    _ field: UInt32,
    _ messages: [WireMessage]
  ) throws(WireMessage.TooLarge) -> [WireMessage] {
    var all: [WireMessage] = []
    for message in messages { all.append(try message.asField(field)) }
    return all
  }

  /// Puts fields where a frame was.
  mutating func replace(_ frame: Int32, _ message: WireMessage, _ number: Int) {
    replace(frame, [message], number)
  }

  mutating func replace(_ frame: Int32, _ messages: [WireMessage], _ number: Int) {
    let old = structure.frames[Int(frame)]
    for message in messages { insert(message, at: (old.start, old.parent), number) }
    remove(frame)
  }

  /// Takes a frame out.
  mutating func remove(_ frame: Int32) {
    let old = structure.frames[Int(frame)]
    edits.replace(old.range, in: old.parent)
  }

  /// Puts fields in at a place of the file, within a frame.
  mutating func insert(_ message: WireMessage, at place: (UInt64, Int32), _ number: Int) {
    edits.replace(place.0..<place.0, in: place.1, with: message, change: number)
  }

  mutating func insert(_ messages: [WireMessage], at place: (UInt64, Int32), _ number: Int) {
    for message in messages { insert(message, at: place, number) }
  }

  /// Puts fields in before all nodes of a graph.
  mutating func insert(_ message: WireMessage, beforeNodesOf graph: Int, _ number: Int) {
    insert([message], beforeNodesOf: graph, number)
  }

  mutating func insert(_ messages: [WireMessage], beforeNodesOf graph: Int, _ number: Int) {
    insert(messages, at: structure.place(ofNode: 0, inGraph: graph), number)
  }

  /// Puts fields in at the end of a graph.
  mutating func append(_ message: WireMessage, to graph: Int, _ number: Int) {
    append([message], to: graph, number)
  }

  mutating func append(_ messages: [WireMessage], to graph: Int, _ number: Int) {
    insert(messages, at: structure.end(ofGraph: graph), number)
  }
}
