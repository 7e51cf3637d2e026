import ModelIR
import Quantizing
import Testing

@Suite("Files of compressed-tensors")
struct GoldenTests {
  /// The numbers of [rows, columns] codes whose scales lie as [rows / block, some groups], each group of the
  /// same number of columns; a block's last rows and columns may be fewer.
  func dequantized(
    _ codes: [UInt8],
    rows: Int,
    columns: Int,
    with dequantizer: RunDequantizer,
    scales: GoldenFile.Tensor,
    block: Int = 1,
    zeroPoint: (Int) -> Int? = { _ in nil }
  ) throws -> [UInt8] {
    let width = try #require(dequantizer.result.byteWidth)
    let scaleWidth = scales.bytes.count / scales.shape.reduce(1, *)
    let groups = scales.shape.count == 2 ? scales.shape[1] : 1
    let groupSize = block > 1 ? block : columns / groups
    var numbers = [UInt8](repeating: 0xA5, count: rows * columns * width)
    for row in 0..<rows {
      for group in 0..<groups {
        let start = group * groupSize
        let index = scales.shape == [1] ? 0 : row / block * groups + group
        dequantizer.dequantize(
          codes,
          from: row * columns + start,
          count: min(groupSize, columns - start),
          scale: UInt32(bits(scales.bytes, at: index * scaleWidth, width: scaleWidth)),
          zeroPoint: zeroPoint(index),
          into: &numbers,
          at: (row * columns + start) * width
        )
      }
    }
    return numbers
  }

  @Test(
    "int-quantized, float-quantized and naive-quantized weights become the library's",
    arguments: [
      ByteLayer(folder: "11-int-quantized", layer: "fc1"),
      ByteLayer(folder: "11-int-quantized", layer: "fc2"),
      ByteLayer(folder: "12-float-quantized", layer: "fc1"),
      ByteLayer(folder: "12-float-quantized", layer: "fc2"),
      ByteLayer(folder: "12-float-quantized", layer: "fc3", block: 128),
      ByteLayer(folder: "13-naive-quantized", layer: "fc1"),
    ]
  )
  func byteLayers(layer: ByteLayer) throws {
    let model = try GoldenFile(layer.folder, "model")
    let weight = try model.tensor("\(layer.layer).weight")
    let scales = try model.tensor("\(layer.layer).weight_scale")
    let zeroPoints = model.tensorIfPresent("\(layer.layer).weight_zero_point")
    let scaleType = try #require(ElementType(name: scales.type))
    let codes: RunDequantizer.AffineCodes = weight.type == "I8" ? .integers : .e4m3
    let numbers = try dequantized(
      weight.bytes,
      rows: weight.shape[0],
      columns: weight.shape[1],
      with: try #require(RunDequantizer(affine: codes, scaleType: scaleType)),
      scales: scales,
      block: layer.block,
      zeroPoint: { index in zeroPoints.map { Int(Int8(bitPattern: $0.bytes[index])) } }
    )
    let expected = try GoldenFile(layer.folder, "decompressed").tensor("\(layer.layer).weight")
    #expect(numbers == expected.bytes)
  }

  @Test("pack-quantized weights and zero points become the library's, and back", arguments: PackedLayer.all)
  func packedLayers(layer: PackedLayer) throws {
    let model = try GoldenFile(layer.folder, "model")
    let library = try GoldenFile(layer.folder, "decompressed")
    let packed = try model.tensor("\(layer.layer).weight_packed")
    let scales = try model.tensor("\(layer.layer).weight_scale")
    let expected = try library.tensor("\(layer.layer).weight")
    let (rows, columns) = (expected.shape[0], expected.shape[1])
    let packing = try #require(IntegerPacking(bits: layer.bits, arrangement: layer.arrangement))
    let stride = Int(packing.wordsPerRow(columns: UInt64(columns))) * 4
    #expect(packed.shape == [rows, stride / 4])

    var codes = [UInt8](repeating: 0, count: rows * columns)
    var repacked = [UInt8](repeating: 0xA5, count: packed.bytes.count)
    for row in 0..<rows {
      let all = 0..<UInt64(columns)
      packing.unpack(packed.bytes, startingAt: row * stride, columns: all, into: &codes, at: row * columns)
      packing.pack(codes, startingAt: row * columns, columns: all, into: &repacked, at: row * stride)
    }
    #expect(repacked == packed.bytes)

    var zeroPoints: [UInt8]?
    if let tensor = model.tensorIfPresent("\(layer.layer).weight_zero_point") {
      let groups = scales.shape[1]
      let unpacked = packing.unpackFirstAxis(tensor.bytes, rows: rows, columns: groups)
      #expect(unpacked == (try library.tensor("\(layer.layer).weight_zero_point").bytes))
      #expect(packing.packFirstAxis(unpacked, rows: rows, columns: groups) == tensor.bytes)
      zeroPoints = unpacked
    }

    let numbers = try dequantized(
      codes,
      rows: rows,
      columns: columns,
      with: try #require(RunDequantizer(affine: .integers, scaleType: .bfloat16)),
      scales: scales,
      zeroPoint: { index in zeroPoints.map { Int(Int8(bitPattern: $0[index])) } }
    )
    #expect(numbers == expected.bytes)
  }

  @Test(
    "NVFP4, MXFP4 and MXFP6 weights become the library's, and back to the same bytes",
    arguments: [
      FloatLayer(folder: "16-nvfp4-pack-quantized", packing: .nibbles),
      FloatLayer(folder: "20-mixed-precision", packing: .nibbles),
      FloatLayer(folder: "17-mxfp4-pack-quantized", packing: .nibbles),
      FloatLayer(folder: "18-mxfp6-pack-quantized", packing: .sixBits),
    ]
  )
  func floatLayers(layer: FloatLayer) throws {
    let model = try GoldenFile(layer.folder, "model")
    let packed = try model.tensor("fc1.weight_packed")
    let expected = try GoldenFile(layer.folder, "decompressed").tensor("fc1.weight")
    let (rows, columns) = (expected.shape[0], expected.shape[1])
    let stride = Int(layer.packing.bytesPerRow(columns: UInt64(columns)))
    #expect(packed.shape == [rows, stride])

    var codes = [UInt8](repeating: 0, count: rows * columns)
    var repacked = [UInt8](repeating: 0xA5, count: packed.bytes.count)
    for row in 0..<rows {
      let all = 0..<UInt64(columns)
      layer.packing.unpack(
        packed.bytes,
        startingAt: row * stride,
        columns: all,
        into: &codes,
        at: row * columns
      )
      layer.packing.pack(codes, startingAt: row * columns, columns: all, into: &repacked, at: row * stride)
    }
    #expect(repacked == packed.bytes)

    let dequantizer: RunDequantizer
    if let globalScale = model.tensorIfPresent("fc1.weight_global_scale") {
      let value = Float(bitPattern: UInt32(bits(globalScale.bytes, at: 0, width: 4)))
      dequantizer = RunDequantizer(nvfp4GlobalScale: value)
    } else {
      dequantizer = RunDequantizer(microscaling: layer.packing == .nibbles ? .e2m1 : .e2m3)
    }
    let scales = try model.tensor("fc1.weight_scale")
    let numbers = try dequantized(codes, rows: rows, columns: columns, with: dequantizer, scales: scales)
    #expect(numbers == expected.bytes)
  }

  @Test("MXFP8 weights become the library's")
  func mxfp8() throws {
    let model = try GoldenFile("19-mxfp8-quantized", "model")
    let weight = try model.tensor("fc1.weight")
    let numbers = try dequantized(
      weight.bytes,
      rows: weight.shape[0],
      columns: weight.shape[1],
      with: RunDequantizer(microscaling: .e4m3),
      scales: try model.tensor("fc1.weight_scale")
    )
    #expect(numbers == (try GoldenFile("19-mxfp8-quantized", "decompressed").tensor("fc1.weight").bytes))
  }

  @Test("The padded arrangement read as the dense one gives other codes")
  func arrangementsDiffer() throws {
    let words = try GoldenFile("10-pack-quantized-padded-int32-0.14", "model").tensor("fc2.weight_packed")
    var differing = 0
    let padded = try #require(IntegerPacking(bits: 3, arrangement: .padded))
    let dense = try #require(IntegerPacking(bits: 3, arrangement: .dense))
    #expect(padded.wordsPerRow(columns: 70) == dense.wordsPerRow(columns: 70))
    for row in 0..<20 {
      var codes = [UInt8](repeating: 0, count: 140)
      padded.unpack(words.bytes, startingAt: row * 28, columns: 0..<70, into: &codes, at: 0)
      dense.unpack(words.bytes, startingAt: row * 28, columns: 0..<70, into: &codes, at: 70)
      differing += (0..<70).count { codes[$0] != codes[70 + $0] }
    }
    // What compressed-tensors 0.20 makes of this file of 0.14 without an error.
    #expect(differing == 1049)
  }
}
