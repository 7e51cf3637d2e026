import ONNX
import Testing

extension WireMessage {
  /// The message with its payloads in place, which have to be as long as it says.
  func filled(_ payloads: [Payload: [UInt8]]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .bytes(let run): bytes += run
      case .payload(let payload, let byteCount):
        let content = try #require(payloads[payload])
        try #require(UInt64(content.count) == byteCount)
        try #require(offset(of: payload) == UInt64(bytes.count))
        bytes += content
      }
    }
    try #require(UInt64(bytes.count) == byteCount)
    return bytes
  }
}
