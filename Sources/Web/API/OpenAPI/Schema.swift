import Domain
import JSON

/// A piece of JSON Schema 2020-12, as OpenAPI 3.1 takes it.
public struct Schema: Hashable, Sendable {
  public var json: JSON

  private init(_ members: [JSON.Member]) { json = .object(members) }

  /// A member of an object; `isRequired` also in answers, where it means "always there".
  public struct Property: Hashable, Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool

    /// Always there.
    public static func always(_ name: String, _ schema: Schema) -> Property {
      Property(name: name, schema: schema, isRequired: true)
    }

    public static func maybe(_ name: String, _ schema: Schema) -> Property {
      Property(name: name, schema: schema, isRequired: false)
    }
  }

  public static func ref(_ name: String) -> Schema { Schema([.init("$ref", .string("#/components/schemas/\(name)"))]) }

  /// Closed: another member is an error, in bodies and in answers.
  public static func object(_ properties: [Property]) -> Schema {
    var members: [JSON.Member] = [
      .init("type", "object"),
      .init("properties", .object(properties.map { .init($0.name, $0.schema.json) })),
    ]
    let required = properties.filter(\.isRequired).map { JSON.string($0.name) }
    if !required.isEmpty { members.append(.init("required", .array(required))) }
    members.append(.init("additionalProperties", false))
    return Schema(members)
  }

  /// Names that vary, values of one kind.
  public static func map(_ value: Schema) -> Schema {
    Schema([.init("type", "object"), .init("additionalProperties", value.json)])
  }

  public static let anything = Schema([])

  public static func array(_ items: Schema, _ count: ClosedRange<Int>? = nil) -> Schema {
    var members: [JSON.Member] = [.init("type", "array"), .init("items", items.json)]
    if let count {
      members += [.init("minItems", .int(Int64(count.lowerBound))), .init("maxItems", .int(Int64(count.upperBound)))]
    }
    return Schema(members)
  }

  public static let string = Schema([.init("type", "string")])
  public static let boolean = Schema([.init("type", "boolean")])
  public static let number = Schema([.init("type", "number")])
  public static let integer = Schema([.init("type", "integer"), .init("format", "int64")])
  public static let instant = Schema([.init("type", "string"), .init("format", "date-time")])
  public static let email = Schema([
    .init("type", "string"), .init("format", "email"), .init("maxLength", 254),
  ])

  public static func integer(_ range: ClosedRange<Int>) -> Schema {
    Schema([
      .init("type", "integer"), .init("minimum", .int(Int64(range.lowerBound))),
      .init("maximum", .int(Int64(range.upperBound))),
    ])
  }

  public static func number(_ range: ClosedRange<Double>) -> Schema {
    Schema([
      .init("type", "number"), .init("minimum", JSON(range.lowerBound)), .init("maximum", JSON(range.upperBound)),
    ])
  }

  /// Text from people as `TextRule` takes it.
  public static func text(_ characters: ClosedRange<Int> = 1...Limits.nameCharactersMax, lines: Bool = false) -> Schema
  {
    let refused = #"\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069"#
    let controls = lines ? #"\u0000-\u0008\u000B\u000C\u000E-\u001F"# : #"\u0000-\u001F"#
    let visible = characters.lowerBound > 0 ? #"(?=[\s\S]*\S)"# : ""
    return Schema([
      .init("type", "string"), .init("minLength", .int(Int64(characters.lowerBound))),
      .init("maxLength", .int(Int64(characters.upperBound))),
      .init("pattern", .string("^\(visible)[^\(controls)\(refused)]*$")),
    ])
  }

  /// What a region may be called: the rule of `WorkerGate`, or `*` for where workers of no region belong to.
  public static let regionName = Schema([
    .init("type", "string"), .init("minLength", 1), .init("maxLength", 63),
    .init("pattern", "^(\\*|(?!local$)[a-z0-9][a-z0-9-]*)$"),
  ])

  /// A password: write only.
  public static let secret = Schema([
    .init("type", "string"), .init("format", "password"), .init("maxLength", 256), .init("writeOnly", true),
  ])

  public static func choice(_ words: [String]) -> Schema {
    Schema([.init("type", "string"), .init("enum", .array(words.map(JSON.string)))])
  }

  public static func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> Schema where T.RawValue == String {
    choice(T.allCases.map(\.rawValue))
  }

  public static func id<Tag: PubliclyNamed>(_ tag: Tag.Type) -> Schema {
    Schema([.init("type", "string"), .init("pattern", .string("^\(Tag.prefix)_[0-9a-hjkmnp-tv-z]{26}$"))])
  }

  /// The same or null.
  public static func nullable(_ schema: Schema) -> Schema {
    if case .object(var members) = schema.json, let at = members.firstIndex(where: { $0.name == "type" }),
      case .string = members[at].value, !members.contains(where: { $0.name == "enum" })
    {
      members[at].value = [members[at].value, "null"]
      return Schema(members)
    }
    return Schema([.init("anyOf", [schema.json, ["type": "null"]])])
  }

  public static func either(_ schemas: Schema...) -> Schema {
    Schema([.init("anyOf", .array(schemas.map(\.json)))])
  }

  /// A page of a list.
  public static func page(of item: Schema) -> Schema {
    object([
      .always("total", integer), .always("page", integer), .always("rows", integer), .always("results", array(item)),
    ])
  }

  public func described(_ text: String) -> Schema { adding("description", .string(text)) }
  public func example(_ value: JSON) -> Schema { adding("examples", [value]) }
  public func defaulting(to value: JSON) -> Schema { adding("default", value) }

  private func adding(_ name: String, _ value: JSON) -> Schema {
    Schema((json.members ?? []) + [.init(name, value)])
  }
}

/// What an operation takes and answers, beside its endpoint: the source of the OpenAPI document.
public struct OperationShape: Sendable {
  public struct Parameter: Hashable, Sendable {
    let name: String
    let schema: Schema
    let about: String

    public init(_ name: String, _ schema: Schema, _ about: String) {
      self.name = name
      self.schema = schema
      self.about = about
    }

    public static let paging = [
      Parameter("page", .integer(1...Paging.pageMax).defaulting(to: 1), "Which page, from 1."),
      Parameter("rows", .integer(1...Limits.rowsPerPageMax).defaulting(to: 20), "How many results a page has."),
    ]
  }

  public var summary: String
  public var tag: String
  public var query: [Parameter]
  public var body: Schema?
  /// A body that may be left out counts as `{}`.
  public var bodyIsRequired: Bool
  public var example: JSON?
  public var status: Int
  /// Nil for 204.
  public var answer: Schema?
  /// Beyond those that follow from the policy, the query and the body.
  public var errors: [Int]

  public init(
    _ summary: String, tag: String, query: [Parameter] = [], body: Schema? = nil, bodyIsRequired: Bool = true,
    example: JSON? = nil, status: Int = 200, answer: Schema? = nil, errors: [Int] = []
  ) {
    self.summary = summary
    self.tag = tag
    self.query = query
    self.body = body
    self.bodyIsRequired = bodyIsRequired
    self.example = example
    self.status = status
    self.answer = answer
    self.errors = errors
  }
}
