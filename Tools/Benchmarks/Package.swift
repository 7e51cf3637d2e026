// swift-tools-version: 6.2
import PackageDescription

let houseStyle: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

// Nested, so that nobody who depends on Lacuna builds it.
let package = Package(
  name: "lacuna-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    // By name: the folder of a clone may be called anything.
    .package(name: "lacuna", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "lacuna-benchmarks",
      dependencies: [
        .product(name: "Lacuna", package: "lacuna"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: houseStyle
    )
  ]
)
