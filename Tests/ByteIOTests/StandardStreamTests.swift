import ByteIO
import ModelIR
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// In children: they change their own standard streams.
@Suite("StandardStream")
struct StandardStreamTests {
  @Test("Text goes out whole, in order, on its stream")
  func writes() async throws {
    let result = await #expect(
      processExitsWith: .success,
      observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      let long = String(repeating: "x", count: 200_000)
      try StandardStream.output.write("result\n" + long + "\n")
      try StandardStream.error.write("remark\n")
    }
    let output = try #require(result).standardOutputContent
    #expect(output.firstRange(of: Array("result\n".utf8)) != nil)
    #expect(output.count { $0 == UInt8(ascii: "x") } >= 200_000)
    let error = try #require(result).standardErrorContent
    #expect(error.firstRange(of: Array("remark\n".utf8)) != nil)
    #expect(error.firstRange(of: Array("result\n".utf8)) == nil)
  }

  @Test("A pipe that nobody reads is closed, which is no failure of ours")
  func closedPipe() async {
    await #expect(processExitsWith: .success) {
      signal(SIGPIPE, SIG_IGN)
      var ends: [CInt] = [0, 0]
      try #require(pipe(&ends) == 0)
      close(ends[0])
      try #require(dup2(ends[1], 1) == 1)
      #expect(throws: ClosedPipe.self) { try StandardStream.output.write("text") }
    }
  }

  #if os(Linux)
    @Test("A stream on a full disk is a failure")
    func full() async {
      await #expect(processExitsWith: .success) {
        let device = open("/dev/full", O_WRONLY)
        try #require(dup2(device, 1) == 1)
        let fault = #expect(throws: StreamFault.self) { try StandardStream.output.write("text") }
        #expect(fault?.diagnosis.kind == .readOrWriteFailed)
      }
    }
  #endif

  @Test("A stream that is closed from the start is a failure, and no file takes its place")
  func closedFromTheStart() async {
    await #expect(processExitsWith: .success) {
      close(1)
      StandardStream.occupyDescriptors()
      let next = open("/dev/null", O_WRONLY)
      #expect(next > 2)
      #expect(throws: StreamFault.self) { try StandardStream.output.write("text") }
      #expect(!StandardStream.output.isTerminal)
      #expect(StandardStream.output.columns == nil)
    }
  }
}
