internal import ModelIR

/// A model's tensors in the groups that make the rows of a report.
package struct GroupedTensors {
  /// The groups, in the order of their first members.
  package private(set) var groups: [TensorGroup] = []
  /// For each tensor the group that it is in.
  package private(set) var membership: [Int] = []

  /// Each tensor on its own.
  package init(separate tensors: [TensorReport]) {
    groups.reserveCapacity(tensors.count)
    for index in tensors.indices {
      groups.append(
        TensorGroup(tensors[index], at: index, name: Array(tensors[index].tensor.name.text.utf8))
      )
    }
    membership = Array(tensors.indices)
  }

  /// Repeated layers together.
  /// - Complexity: one hash and one comparison of a name for each tensor.
  package init(folding tensors: [TensorReport]) { self.init(folding: tensors, at: tensors.indices) }

  /// Repeated layers together, of the tensors at some places; ``membership`` is in the order of these.
  /// - Complexity: one hash and one comparison of a name for each tensor.
  package init(folding tensors: [TensorReport], at places: some Collection<Int>) {
    membership.reserveCapacity(places.count)
    var byHash: [Int: Int] = [:]
    var folded = FoldedName()
    for index in places {
      folded.fold(tensors[index].tensor.name)
      let type = tensors[index].tensor.typeKey
      var hash = folded.fingerprint ^ type
      var place = byHash[hash]
      // Hashes are keyed, so that no file can bring about a second round.
      while let taken = place, groups[taken].typeKey != type || !folded.equals(groups[taken].name) {
        hash &+= 1
        place = byHash[hash]
      }
      if let place {
        groups[place].add(tensors[index])
        membership.append(place)
      } else {
        byHash[hash] = groups.count
        membership.append(groups.count)
        groups.append(TensorGroup(tensors[index], at: index, name: folded.bytes))
      }
    }
    for place in groups.indices where groups[place].count == 1 {
      groups[place].name = Array(tensors[groups[place].first].tensor.name.text.utf8)
    }
  }

  /// The members of a group, as places among the model's tensors.
  package func members(of group: Int) -> some Sequence<Int> {
    membership.indices.lazy.filter { membership[$0] == group }
  }
}
