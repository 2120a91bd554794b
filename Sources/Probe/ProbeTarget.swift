import Curl
import Domain

/// A monitor's settings made ready to be probed many times; built once, shared by every run.
public struct ProbeTarget: Sendable {
  public let settings: MonitorSettings
  let request: PreparedRequest
  let assertions: AssertionSet
  let secrets: Secrets
  private let literalText: String?

  /// Parses the URL, compiles the assertions; throws with the field at fault.
  public init(_ settings: MonitorSettings) throws(TargetError) {
    self.settings = settings
    let url: WebURL
    do throws(WebURL.ParseError) {
      url = try WebURL(settings.url)
    } catch {
      throw TargetError(pointer: "/url", detail: error.description)
    }
    guard settings.url.utf8.count <= Limits.urlBytesMax else {
      throw TargetError(pointer: "/url", detail: "The URL is longer than \(Limits.urlBytesMax) bytes.")
    }
    try Self.checkRequest(settings)
    assertions = try AssertionSet(settings.assertions)
    var options = PreparedRequest.Options()
    options.verifiesTLS = settings.verifyTLS
    options.family =
      switch settings.ipFamily {
      case .auto: .any
      case .v4: .v4
      case .v6: .v6
      }
    options.bodyBytesMax = Limits.probeBodyBytesMax
    options.bodyBytesKept = assertions.readsBody ? Limits.probeBodyBytesMax : Evidence.excerptBytesMax
    secrets = Secrets(settings, url)
    literalText = url.address?.description
    request = PreparedRequest(
      url, method: settings.method, headers: settings.headers.map { ($0.name, $0.value) },
      body: settings.body.map { Array($0.utf8) }, options: options)
  }

  /// The address as text; made once for a target that is an address itself.
  func text(of address: IPAddress) -> String { literalText ?? address.description }

  private static func checkRequest(_ settings: MonitorSettings) throws(TargetError) {
    guard !settings.method.isEmpty, settings.method.utf8.count <= 20, settings.method.utf8.allSatisfy(isTokenByte)
    else {
      throw TargetError(pointer: "/method", detail: "The method is not an HTTP method.")
    }
    guard settings.method != "CONNECT" else {
      throw TargetError(pointer: "/method", detail: "CONNECT is for proxies and cannot be probed.")
    }
    let forbidden = ["content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"]
    for (index, header) in settings.headers.enumerated() {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
        throw TargetError(pointer: "/headers/\(index)/name", detail: "This is not the name of a header.")
      }
      guard !forbidden.contains(header.name.lowercased()) else {
        throw TargetError(pointer: "/headers/\(index)/name", detail: "\(header.name) is set by the probe itself.")
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
        throw TargetError(
          pointer: "/headers/\(index)/value", detail: "The value of a header must not contain line breaks.")
      }
    }
    if let body = settings.body, body.utf8.count > Limits.requestBodyBytesMax {
      throw TargetError(pointer: "/body", detail: "The body is larger than \(Limits.requestBodyBytesMax) bytes.")
    }
  }
}

/// RFC 9110, section 5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
