import Domain

/// The query of a request (`?a=1&b=2`), decoded once. Names are unique; what nobody declared is refused by name.
public struct RequestQuery: Hashable, Sendable {
  private let values: [String: String]
  public static let namesMax = 50

  public static let empty = RequestQuery(values: [:])

  private init(values: [String: String]) { self.values = values }

  /// `target` as sent. Throws 400 for wrong percent-encoding, bytes that are not UTF-8, controls and names given twice.
  public init(target: String) throws(Problem) {
    let query = target.prefix { $0 != "#" }.drop { $0 != "?" }.dropFirst()
    try self.init(encoded: query)
  }

  /// A form's body (`application/x-www-form-urlencoded`).
  public init(form body: [UInt8]) throws(Problem) {
    guard let text = String(validating: body, as: UTF8.self) else { throw Self.malformed("the form is not UTF-8") }
    try self.init(encoded: text[...], form: true)
  }

  private init(encoded: Substring, form: Bool = false) throws(Problem) {
    var values: [String: String] = [:]
    for pair in encoded.split(separator: "&") {
      let name = pair.prefix { $0 != "=" }
      let value = pair.dropFirst(name.count + 1)
      guard let name = PercentCoding.decode(name, plusIsSpace: true),
        let value = PercentCoding.decode(value, plusIsSpace: true)
      else { throw Self.malformed("it has a wrong percent-encoding") }
      guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), !value.utf8.contains(0),
        form || value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
      else { throw Self.malformed("it holds control characters") }
      guard values.updateValue(value, forKey: name) == nil else { throw Self.malformed("a name is given twice") }
      guard values.count <= Self.namesMax else { throw Self.malformed("it has more than \(Self.namesMax) names") }
    }
    self.values = values
  }

  private static func malformed(_ why: String) -> Problem {
    Problem(400, "malformed_query", "The query cannot be read: \(why).")
  }

  /// Nil where it is absent or empty.
  public subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// The value as given, empty or not: for forms.
  public func given(_ name: String) -> String? { values[name] }

  public var names: [String] { values.keys.sorted() }

  public func refuseUnknown(_ known: [String]) throws(Problem) {
    let unknown = names.filter { !known.contains($0) }
    guard unknown.isEmpty else {
      throw Problem.invalid(unknown.prefix(20).map { Problem.Detail("?\($0)", "is not a known parameter") })
    }
  }

  public func int(_ name: String, _ range: ClosedRange<Int>, or absent: Int) throws(Problem) -> Int {
    guard let text = values[name] else { return absent }
    guard let value = Self.wholeNumber(text), range.contains(value) else {
      throw Problem.invalid("?\(name)", "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  public func choice<T: RawRepresentable & CaseIterable>(_ name: String, or absent: T) throws(Problem) -> T
  where T.RawValue == String { try choice(name, T.self) ?? absent }

  public func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) throws(Problem) -> T?
  where T.RawValue == String {
    guard let text = values[name] else { return nil }
    guard let value = T(rawValue: text) else {
      throw Problem.invalid("?\(name)", "must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }

  /// Words separated by commas, each one of the enum's.
  public func choices<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) throws(Problem) -> [T]
  where T.RawValue == String {
    guard let text = self[name] else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { word throws(Problem) in
      guard let value = T(rawValue: String(word)) else {
        throw Problem.invalid("?\(name)", "must be of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return value
    }
  }

  public func instant(_ name: String) throws(Problem) -> Instant? {
    guard let text = values[name] else { return nil }
    guard let instant = Instant(rfc3339: text) else {
      throw Problem.invalid("?\(name)", "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    }
    return instant
  }

  public func text(_ name: String, max: Int = Limits.nameCharactersMax) throws(Problem) -> String? {
    guard let text = self[name] else { return nil }
    if let wrong = TextRule.problem(text, 0...max, lines: false) { throw Problem.invalid("?\(name)", wrong) }
    return text
  }

  /// Digits with an optional sign and nothing else.
  private static func wholeNumber(_ text: String) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: "-") }) else { return nil }
    return Int(text)
  }
}

/// Which rows of a list: `?page=1&rows=20`.
public struct Paging: Hashable, Sendable {
  public let page: Int
  public let rows: Int
  public static let pageMax = 1_000_000

  public init(page: Int = 1, rows: Int = 20) {
    self.page = page
    self.rows = rows
  }

  public init(_ query: RequestQuery) throws(Problem) {
    page = try query.int("page", 1...Self.pageMax, or: 1)
    rows = try query.int("rows", 1...Limits.rowsPerPageMax, or: 20)
  }

  public var offset: Int { (page - 1) * rows }
}
