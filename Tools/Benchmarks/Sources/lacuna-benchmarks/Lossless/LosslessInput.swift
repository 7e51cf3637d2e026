internal import ByteIO
internal import Lossless
internal import ModelIR
internal import Safetensors

/// Weights in memory, to be compressed.
struct LosslessInput {
  /// A tensor's bytes, and how they are cut.
  struct Tensor {
    var start: Int
    var grid: CompressionGrid
  }

  /// The type and how they are pruned: `bf16-50`.
  var name: String
  /// `bf16`, `f16` or `f32`.
  var type: String
  var kind: ContentKind
  var bytes: [UInt8]
  var tensors: [Tensor]

  private static let types: [String: ElementType] = ["bf16": .bfloat16, "f16": .float16, "f32": .float32]

  /// Gaussian weights, about so many bytes.
  init(generated type: String, _ pruning: Pruning, _ name: String, byteCount: Int) {
    let weights = Weights(type == "bf16" ? .bf16 : .f32, pruning)
    var tile = weights.tile
    if type == "f16" {
      tile = tile.withUnsafeBytes { tile in
        (0..<(tile.count / 4)).flatMap { place in
          let float = tile.loadUnaligned(fromByteOffset: 4 * place, as: Float.self)
          return withUnsafeBytes(of: Float16(float).bitPattern.littleEndian) { Array($0) }
        }
      }
    }
    let copies = max(1, byteCount / tile.count)
    bytes = []
    for _ in 0..<copies { bytes += tile }
    self.name = "gauss \(type)-\(name)"
    self.type = type
    kind = .elements(Self.types[type] ?? .float32)
    let rowBytes = 4096 * (type == "f32" ? 4 : 2)
    tensors = [Self.tensor(0, bytes, 0..<bytes.count, kind, rowBytes: rowBytes)]
  }

  /// The tensors of a safetensors file whose name starts with their type; nil for other files.
  init?(file path: String) throws {
    let name = String(path.split(separator: "/").last ?? "").replacing(".safetensors", with: "")
    guard let type = name.split(separator: "-").first.map(String.init), let element = Self.types[type] else {
      return nil
    }
    let file = try ScratchFolder.read(path)
    let header = try SafetensorsHeader.read(from: MemorySource(file, named: path))
    self.name = name
    self.type = type
    kind = .elements(element)
    bytes = []
    tensors = []
    for entry in header.entries where entry.elementType == element {
      let range = Int(header.dataStart + entry.begin)..<Int(header.dataStart + entry.end)
      let start = bytes.count
      bytes += file[range]
      let width = Int(entry.shape.columns) * (element.byteWidth ?? 1)
      tensors.append(Self.tensor(start, bytes, start..<bytes.count, kind, rowBytes: width))
    }
  }

  /// Cuts a tensor as an export does: larger chunks where half of the elements or more are zero.
  private static func tensor(
    _ start: Int,
    _ bytes: [UInt8],
    _ range: Range<Int>,
    _ kind: ContentKind,
    rowBytes: Int
  ) -> Tensor {
    let width = kind.unitBytes
    var (zeros, seen) = (0, 0)
    for element in stride(from: range.lowerBound, to: range.upperBound, by: 16 * width) {
      seen += 1
      if bytes[element..<(element + width)].allSatisfy({ $0 == 0 }) { zeros += 1 }
    }
    let grid = CompressionGrid(
      kind: kind,
      byteCount: UInt64(range.count),
      rowBytes: UInt64(rowBytes),
      isSparse: Double(zeros) >= 0.45 * Double(max(1, seen))
    )
    return Tensor(start: start, grid: grid)
  }

  /// Where every chunk lies.
  var chunks: [Range<Int>] {
    tensors.flatMap { tensor in
      (0..<tensor.grid.count).map { chunk in
        let start = tensor.start + Int(tensor.grid.start(ofChunk: chunk))
        return start..<(start + tensor.grid.byteCount(ofChunk: chunk))
      }
    }
  }

  /// The bytes of the indices of all tensors.
  var indexBytes: Int {
    tensors.reduce(0) { $0 + Int(ChunkIndex.byteCount(chunks: $1.grid.count) ?? 0) }
  }
}
