import Domain
import HTTPServer
import JSON

/// Reads one JSON object strictly: remembers which members were asked for and everything that is wrong with them.
///
/// A reading function answers a stand-in where the input is wrong; `finish` throws before anybody may use it.
/// `or:` is what an absent member means; without it the member is required.
public final class JSONReader {
  public static let errorsMax = 50

  private let members: [JSON.Member]
  private let pointer: String
  private let problems: Problems
  private var asked: Set<String> = []

  private final class Problems {
    var all: [Problem.Detail] = []
  }

  private init(_ members: [JSON.Member], pointer: String, problems: Problems) {
    self.members = members
    self.pointer = pointer
    self.problems = problems
  }

  public convenience init(_ json: JSON) throws(Problem) {
    guard let members = json.members else { throw Problem.invalid("", "must be an object") }
    self.init(members, pointer: "", problems: Problems())
  }

  /// The body of a request; an empty one counts as `{}`.
  public convenience init(_ request: Request) throws(Problem) {
    try self.init(Self.parse(request))
  }

  /// Throws 422 with all that was wrong, unknown members included.
  public func finish() throws(Problem) {
    refuseUnknown()
    if !problems.all.isEmpty { throw Problem.invalid(Array(problems.all.prefix(Self.errorsMax))) }
  }

  public func has(_ name: String) -> Bool { members.contains { $0.name == name } }
  public var names: [String] { members.map(\.name) }

  /// Says what is wrong with a member beyond its shape.
  public func refuse(_ name: String, _ detail: String) {
    problems.all.append(Problem.Detail(name.isEmpty ? pointer : pointer + "/" + Self.escape(name), detail))
  }

  // MARK: Text

  /// One line of text, trimmed of nothing; `characters` bounds its length.
  public func text(_ name: String, _ characters: ClosedRange<Int> = 1...Limits.nameCharactersMax) -> String {
    required(name, "") { checkedText($0, name, characters, lines: false) }
  }

  public func text(_ name: String, _ characters: ClosedRange<Int> = 1...Limits.nameCharactersMax, or absent: String)
    -> String
  { optional(name, absent) { checkedText($0, name, characters, lines: false) } }

  /// Text that may have several lines.
  public func prose(_ name: String, _ characters: ClosedRange<Int>) -> String {
    required(name, "") { checkedText($0, name, characters, lines: true) }
  }

  public func prose(_ name: String, _ characters: ClosedRange<Int>, or absent: String) -> String {
    optional(name, absent) { checkedText($0, name, characters, lines: true) }
  }

  /// Text or null.
  public func proseOrNull(_ name: String, _ characters: ClosedRange<Int>, or absent: String?) -> String? {
    nullable(name, absent) { checkedText($0, name, characters, lines: true) }
  }

  public func textOrNull(_ name: String, _ characters: ClosedRange<Int>, or absent: String?) -> String? {
    nullable(name, absent) { checkedText($0, name, characters, lines: false) }
  }

  /// A password: any characters but NUL, its length judged by the caller's rules. Never trimmed.
  public func secret(_ name: String) -> String {
    required(name, "") { value in
      guard case .string(let text) = value else { return fail(name, "must be a string") }
      guard text.utf8.count <= 4096 else { return fail(name, "is too long") }
      guard !text.utf8.contains(0) else { return fail(name, "must not hold a NUL") }
      return text
    }
  }

  // MARK: Numbers, words, instants

  public func int(_ name: String, _ range: ClosedRange<Int>) -> Int {
    required(name, range.lowerBound) { checkedInt($0, name, range) }
  }

  public func int(_ name: String, _ range: ClosedRange<Int>, or absent: Int) -> Int {
    optional(name, absent) { checkedInt($0, name, range) }
  }

  public func intOrNull(_ name: String, _ range: ClosedRange<Int>, or absent: Int?) -> Int? {
    nullable(name, absent) { checkedInt($0, name, range) }
  }

  public func bool(_ name: String, or absent: Bool) -> Bool {
    optional(name, absent) { value in
      guard case .bool(let flag) = value else { return fail(name, "must be true or false") }
      return flag
    }
  }

  /// One of an enum's raw values.
  public func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type = T.self) -> T
  where T.RawValue == String {
    required(name, standIn(T.self)) { checkedChoice($0, name) }
  }

  public func choice<T: RawRepresentable & CaseIterable>(_ name: String, or absent: T) -> T
  where T.RawValue == String {
    optional(name, absent) { checkedChoice($0, name) }
  }

  /// RFC 3339 or null.
  public func instantOrNull(_ name: String, or absent: Instant?) -> Instant? {
    nullable(name, absent) { checkedInstant($0, name) }
  }

  public func instant(_ name: String, or absent: Instant) -> Instant {
    optional(name, absent) { checkedInstant($0, name) }
  }

  // MARK: Ids, lists, objects

  /// An id by its shape; whether it exists is for the query to say.
  public func id<Tag>(_ name: String, _ type: PublicID<Tag>.Type = PublicID<Tag>.self) -> PublicID<Tag> {
    required(name, PublicID(stored: "")) { checkedID($0, name) }
  }

  public func ids<Tag>(_ name: String, _ type: PublicID<Tag>.Type, max: Int, or absent: [PublicID<Tag>])
    -> [PublicID<Tag>]
  { list(name, 0...max, or: absent) { checkedID($0, $1) } }

  public func texts(
    _ name: String, _ count: ClosedRange<Int>, _ characters: ClosedRange<Int>, or absent: [String]
  ) -> [String] {
    list(name, count, or: absent) { checkedText($0, $1, characters, lines: false) }
  }

  /// An array of objects; `read` gets a reader of each, which needs no `finish`.
  public func objects<T>(
    _ name: String, _ count: ClosedRange<Int>, or absent: [T], _ read: (JSONReader) -> T
  ) -> [T] {
    list(name, count, or: absent) { value, place in
      guard let members = value.members else { return fail(place, "must be an object") }
      let inner = JSONReader(members, pointer: pointer + "/" + place, problems: problems)
      let item = read(inner)
      inner.refuseUnknown()
      return item
    }
  }

  /// A nested object, or nil where it is absent or null.
  public func object<T>(_ name: String, _ read: (JSONReader) -> T) -> T? {
    nullable(name, nil) { value in
      guard let members = value.members else { return fail(name, "must be an object") }
      let inner = JSONReader(members, pointer: pointer + "/" + Self.escape(name), problems: problems)
      let item = read(inner)
      inner.refuseUnknown()
      return item
    }
  }

  /// The member as it is, for shapes of one's own: `refuse` says what is wrong with it.
  public func raw(_ name: String) -> JSON? { take(name) }

  // MARK: Private

  static func parse(_ request: Request) throws(Problem) -> JSON {
    guard !request.body.isEmpty else { return .object([]) }
    let type = request.header("content-type") ?? "application/json"
    let essence = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard essence == "application/json" || essence.hasSuffix("+json") else {
      throw Problem(415, "unsupported_media_type", "Send the body as application/json.")
    }
    do throws(JSONError) { return try JSON(parsing: request.body) } catch {
      throw Problem(400, "malformed_json", "The body is not JSON: \(error).")
    }
  }

  private func take(_ name: String) -> JSON? {
    asked.insert(name)
    return members.first { $0.name == name }?.value
  }

  private func fail<T>(_ place: String, _ detail: String) -> T? {
    problems.all.append(Problem.Detail(pointer + "/" + place, detail))
    return nil
  }

  private func required<T>(_ name: String, _ standIn: T, _ check: (JSON) -> T?) -> T {
    guard let value = take(name) else {
      refuse(name, "is required")
      return standIn
    }
    return check(value) ?? standIn
  }

  private func optional<T>(_ name: String, _ absent: T, _ check: (JSON) -> T?) -> T {
    take(name).map { check($0) ?? absent } ?? absent
  }

  private func nullable<T>(_ name: String, _ absent: T?, _ check: (JSON) -> T?) -> T? {
    guard let value = take(name) else { return absent }
    return value.isNull ? nil : check(value) ?? absent
  }

  private func list<T>(
    _ name: String, _ count: ClosedRange<Int>, or absent: [T], _ item: (JSON, String) -> T?
  ) -> [T] {
    optional(name, absent) { value in
      guard case .array(let items) = value else { return fail(name, "must be an array") }
      guard count.contains(items.count) else {
        return fail(name, "must have \(count.lowerBound) to \(count.upperBound) items")
      }
      return items.enumerated().compactMap { item($1, "\(Self.escape(name))/\($0)") }
    }
  }

  private func checkedText(_ value: JSON, _ place: String, _ characters: ClosedRange<Int>, lines: Bool) -> String? {
    guard case .string(let text) = value else { return fail(place, "must be a string") }
    if let wrong = TextRule.problem(text, characters, lines: lines) { return fail(place, wrong) }
    return text
  }

  private func checkedInt(_ value: JSON, _ place: String, _ range: ClosedRange<Int>) -> Int? {
    guard let number = value.int else { return fail(place, "must be a whole number") }
    guard let small = Int(exactly: number), range.contains(small) else {
      return fail(place, "must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return small
  }

  private func checkedChoice<T: RawRepresentable & CaseIterable>(_ value: JSON, _ place: String) -> T?
  where T.RawValue == String {
    guard let text = value.string, let choice = T(rawValue: text) else {
      return fail(place, "must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  private func checkedInstant(_ value: JSON, _ place: String) -> Instant? {
    guard let text = value.string, let instant = Instant(rfc3339: text) else {
      return fail(place, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    }
    return instant
  }

  private func checkedID<Tag>(_ value: JSON, _ place: String) -> PublicID<Tag>? {
    guard let text = value.string, let id = PublicID<Tag>(text) else {
      return fail(place, "must be an id that begins with \(Tag.prefix)_")
    }
    return id
  }

  private func standIn<T: CaseIterable>(_ type: T.Type) -> T {
    guard let first = T.allCases.first else { preconditionFailure("an enum without cases cannot be chosen from") }
    return first
  }

  private func refuseUnknown() {
    for name in names where !asked.contains(name) { refuse(name, "is not a known field") }
  }

  private static func escape(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
    return String(name.flatMap { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) })
  }
}

/// What text from people may hold.
public enum TextRule {
  /// What is wrong with `text`, or nil. Counted in Unicode scalars, as JSON Schema counts; controls are refused but
  /// tabs and line ends where `lines` allows them; text that is to have something must not be blank.
  public static func problem(_ text: String, _ length: ClosedRange<Int>, lines: Bool) -> String? {
    let count = text.unicodeScalars.count
    guard length.contains(count) else {
      return count < length.lowerBound
        ? (length.lowerBound == 1 ? "must not be empty" : "must have at least \(length.lowerBound) characters")
        : "must have at most \(length.upperBound) characters"
    }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: if !lines { return "must be one line" }
      case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
        return "must not hold control characters"
      default: break
      }
    }
    if length.lowerBound > 0, text.allSatisfy(\.isWhitespace) { return "must not be blank" }
    return nil
  }
}
