/// Where a tensor stands and what it is called, as far as that is known from outside of it.
struct TensorHome {
  /// The graph.
  var graph: Int
  /// The place in it.
  var place: ONNXTensor.Place
  /// The output of the Constant that holds it.
  var name: String?
  /// What it is called where it has no name.
  var label = ""
}

/// What a `TensorProto` says, field by field.
struct TensorFields {
  /// The elements of one field: where they stand.
  struct Stored {
    /// The field.
    var field: ONNXValueField
    /// The contents of it: packed runs, entries of their own, or bytes. Not kept for strings.
    var runs: [Range<UInt64>]
    /// For strings, how many.
    var count: UInt64 = 0

    /// The bytes of all runs.
    var byteCount: UInt64 { runs.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) } }
  }

  /// The bytes of the message.
  var message: Range<UInt64>
  /// The dimensions, not checked.
  var dims: [Int64] = []
  /// The element type, not checked.
  var type: Int64 = 0
  /// The tensor's own name.
  var name = ""
  /// The elements that stand here.
  var stored: [Stored] = []
  /// `external_data`.
  var external: [(key: String, value: String)] = []
  /// Where that starts.
  var externalStart: UInt64 = 0
  /// `data_location`.
  var location: Int64 = 0
  /// Where `segment` stands.
  var segment: UInt64?
}
