// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: explicit existentials, explicit imports, internal by default.
let houseStyle: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets that hold no unsafe code: the compiler checks that they don't.
let memorySafe: [SwiftSetting] = houseStyle + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "lacuna",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "lacuna", targets: ["lacuna"]),
    .library(
      name: "Lacuna",
      targets: [
        "ModelIR", "ByteIO", "SparseCoding", "Quantizing", "Lossless", "Safetensors", "GGUF",
        "CompressedTensors", "Inspection", "Reporting", "Conversion",
      ]
    ),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .target(name: "CKernels"),
    .systemLibrary(
      name: "CProtobufC",
      pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]
    ),
    .systemLibrary(
      name: "CZstd",
      pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]
    ),
    .systemLibrary(
      name: "CXXHash",
      pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]
    ),
    // What protoc-c makes of Schemas/onnx.proto: never edited, made again by Tools/generate-onnx. A second reader in
    // tests; the product walks and writes messages itself (see WireMessage).
    .target(
      name: "COnnx",
      dependencies: ["CProtobufC"],
      linkerSettings: [.linkedLibrary("protobuf-c")]
    ),
    .target(name: "ModelIR", swiftSettings: memorySafe),
    .target(name: "StrictJSON", swiftSettings: memorySafe),
    .target(name: "ByteIO", dependencies: ["ModelIR", crypto, system], swiftSettings: houseStyle),
    .target(
      name: "Safetensors",
      dependencies: ["ByteIO", "ModelIR", "StrictJSON"],
      swiftSettings: memorySafe
    ),
    .target(name: "GGUF", dependencies: ["ByteIO", "ModelIR"], swiftSettings: memorySafe),
    .target(name: "ONNX", dependencies: ["ByteIO", "ModelIR", "CKernels"], swiftSettings: houseStyle),
    .target(name: "SparseCoding", dependencies: ["ModelIR", "CKernels"], swiftSettings: houseStyle),
    .target(
      name: "Quantizing",
      dependencies: ["ModelIR", "CKernels"],
      exclude: ["GGML/Grids/LICENSE-ggml.txt"],
      swiftSettings: houseStyle
    ),
    .target(
      name: "Lossless",
      dependencies: ["ModelIR", "ByteIO", "SparseCoding", "CKernels", "CZstd", "CXXHash"],
      swiftSettings: houseStyle
    ),
    .target(name: "Dialect", dependencies: ["ModelIR", "StrictJSON"], swiftSettings: memorySafe),
    .target(
      name: "CompressedTensors",
      dependencies: ["ByteIO", "ModelIR", "StrictJSON", "Safetensors", "SparseCoding", "Quantizing"],
      swiftSettings: memorySafe
    ),
    .target(
      name: "Inspection",
      dependencies: ["ModelIR", "SparseCoding", "Quantizing"],
      swiftSettings: memorySafe
    ),
    .target(
      name: "Conversion",
      dependencies: [
        "ByteIO", "ModelIR", "StrictJSON", "SparseCoding", "Quantizing", "Dialect", "Safetensors", "GGUF",
        "ONNX", "CompressedTensors", "Lossless", "Inspection",
      ],
      swiftSettings: memorySafe
    ),
    .target(
      name: "Reporting",
      dependencies: ["ModelIR", "ByteIO", "StrictJSON", "SparseCoding", "Inspection"],
      swiftSettings: memorySafe
    ),
    .executableTarget(
      name: "lacuna",
      dependencies: [
        "ByteIO", "ModelIR", "SparseCoding", "Quantizing", "Lossless", "CompressedTensors", "Inspection",
        "Reporting", "Conversion",
        argumentParser,
      ],
      swiftSettings: memorySafe
    ),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: houseStyle),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"], swiftSettings: houseStyle),
    .testTarget(name: "ModelIRTests", dependencies: ["ModelIR", "TestSupport"], swiftSettings: houseStyle),
    .testTarget(
      name: "StrictJSONTests",
      dependencies: ["StrictJSON", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "ByteIOTests",
      dependencies: ["ByteIO", "ModelIR", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "SafetensorsTests",
      dependencies: ["Safetensors", "ByteIO", "ModelIR", "StrictJSON", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "GGUFTests",
      dependencies: ["GGUF", "ByteIO", "ModelIR", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "ONNXTests",
      dependencies: ["ONNX", "COnnx", "ByteIO", "ModelIR", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "SparseCodingTests",
      dependencies: ["SparseCoding", "ModelIR"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "LosslessTests",
      dependencies: ["Lossless", "ByteIO", "ModelIR", "SparseCoding", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "DialectTests",
      dependencies: ["Dialect", "ModelIR", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "QuantizingTests",
      dependencies: ["Quantizing", "ModelIR", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "CompressedTensorsTests",
      dependencies: [
        "CompressedTensors", "ByteIO", "ModelIR", "Quantizing", "Safetensors", "SparseCoding", "TestSupport",
      ],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "InspectionTests",
      dependencies: ["Inspection", "ModelIR", "SparseCoding", "TestSupport"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "ReportingTests",
      dependencies: ["Reporting", "ByteIO", "Inspection", "ModelIR", "SparseCoding", "StrictJSON"],
      swiftSettings: houseStyle
    ),
    .testTarget(
      name: "ConversionTests",
      dependencies: [
        "Conversion", "ByteIO", "CompressedTensors", "GGUF", "Inspection", "Lossless", "ModelIR",
        "Safetensors", "SparseCoding", "TestSupport",
      ],
      swiftSettings: houseStyle
    ),
    .testTarget(name: "CommandTests", dependencies: ["lacuna", "TestSupport"], swiftSettings: houseStyle),
  ]
)
