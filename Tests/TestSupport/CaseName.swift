/// The name of an enum's case, without what the case carries.
package func caseName(of value: Any) -> String {
  Mirror(reflecting: value).children.first?.label ?? "\(value)"
}
