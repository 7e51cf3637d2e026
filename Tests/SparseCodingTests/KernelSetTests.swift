import ModelIR
import SparseCoding
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

@Suite("Kernel set")
struct KernelSetTests {
  @Test("Sets are named as the environment variable spells them")
  func names() {
    #expect(KernelSet.allCases.map(\.rawValue) == ["scalar", "avx2", "avx512"])
    #expect(KernelSet.environmentVariable == "LACUNA_KERNELS")
  }

  @Test("The set that runs is available: the forced one, or else the best")
  func currentIsAvailable() throws {
    #expect(KernelSet.scalar.isAvailable)
    #expect(KernelSet.current.isAvailable)
    #expect(try KernelSet.current == KernelSet.forced() ?? LayoutCases.kernels.last)
  }

  @Test(
    "The variable forces each set that is available, and one that is not is a fault",
    arguments: KernelSet.allCases
  )
  func setsAreForced(set: KernelSet) async {
    await #expect(processExitsWith: .success) { [name = set.rawValue as String] in
      setenv("LACUNA_KERNELS", name, 1)
      let set = try #require(KernelSet(rawValue: name))
      if set.isAvailable {
        #expect(try KernelSet.forced() == set)
        #expect(KernelSet.current == set)
      } else {
        let fault = #expect(throws: KernelSetFault.self) { try KernelSet.forced() }
        #expect(fault?.isKnown == true)
      }
    }
  }

  @Test("The variable forces nothing if it is empty or not there")
  func nothingIsForced() async {
    await #expect(processExitsWith: .success) {
      setenv("LACUNA_KERNELS", "", 1)
      let byNothing = try KernelSet.forced()
      #expect(byNothing == nil)
      unsetenv("LACUNA_KERNELS")
      let byNobody = try KernelSet.forced()
      #expect(byNobody == nil)
    }
  }

  @Test("A name that is no set's is a fault of usage that tells the names")
  func unknownNames() async {
    await #expect(processExitsWith: .success) {
      setenv("LACUNA_KERNELS", "avx1024", 1)
      let fault = try #require(#expect(throws: KernelSetFault.self) { try KernelSet.forced() })
      #expect(!fault.isKnown)
      #expect(fault.diagnosis.kind == .usage)
      #expect(fault.diagnosis.problem.contains("LACUNA_KERNELS"))
      #expect(fault.diagnosis.problem.contains("avx1024"))
      #expect(fault.diagnosis.expected == "one of scalar, avx2, avx512")
    }
  }
}
