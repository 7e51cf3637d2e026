/// The way from the model to the message that is being read, for messages to people.
///
/// Whoever goes into a message appends a step, and takes it off when it has been read; what is thrown in between
/// leaves the way standing where the trouble was.
struct FieldPath {
  private var steps: [(name: StaticString, number: Int)] = []

  /// How many messages enclose what is being read: protobuf counts depth so.
  var depth: Int { steps.count }

  /// Goes into a message: the field that holds it, and its number among others of the field, or -1.
  mutating func enter(_ name: StaticString, _ number: Int = -1) { steps.append((name, number)) }

  /// Leaves the message that was entered last.
  mutating func leave() { steps.removeLast() }

  /// The way as ONNX's own tools write it: `graph.node[3].attribute[0].t`. The middle of long ones is left out.
  var text: String {
    var names = steps.map { $0.number < 0 ? "\($0.name)" : "\($0.name)[\($0.number)]" }
    if names.count > 16 { names.replaceSubrange(8..<(names.count - 8), with: ["…"]) }
    return names.joined(separator: ".")
  }
}
