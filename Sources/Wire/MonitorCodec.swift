import Domain
import JSON

/// Settings as JSON, as rows hold them and as workers get them: what may be read, and what may hold secrets (headers,
/// body), which rows keep sealed.
public enum MonitorCodec {
  public static func plain(_ s: MonitorSettings) -> JSON {
    [
      "method": .string(s.method), "timeout_ms": JSON(s.timeoutMs), "degraded_after_ms": JSON(s.degradedAfterMs),
      "degraded_checks": JSON(s.degradedChecks), "attempts": JSON(s.attempts),
      "regions": .array(s.regions.map(JSON.string)), "allow_stand_in": .bool(s.allowsStandIn), "quorum": s.quorum.json,
      "recovery_checks": JSON(s.recoveryChecks), "follow_redirects": .bool(s.followRedirects),
      "max_redirects": JSON(s.maxRedirects), "verify_tls": .bool(s.verifyTLS),
      "certificate_warning_days": JSON(s.certificateWarningDays), "ip_family": .string(s.ipFamily.rawValue),
      "tags": .array(s.tags.map(JSON.string)), "assertions": .array(s.assertions.map(\.json)),
    ]
  }

  /// Nil when there is nothing to hide.
  public static func secret(_ s: MonitorSettings) -> JSON? {
    guard !s.headers.isEmpty || s.body != nil else { return nil }
    return [
      "headers": .array(s.headers.map { ["name": .string($0.name), "value": .string($0.value)] }), "body": JSON(s.body),
    ]
  }

  public static func settings(
    name: String, url: String, kind: String, intervalS: Int, enabled: Bool, plain: JSON, secret: JSON?
  ) -> MonitorSettings {
    var s = MonitorSettings(name: name, url: url)
    s.kind = MonitorSettings.Kind(rawValue: kind) ?? .http
    s.intervalS = intervalS
    s.enabled = enabled
    s.method = plain["method"]?.string ?? s.method
    s.timeoutMs = int(plain, "timeout_ms") ?? s.timeoutMs
    s.degradedAfterMs = int(plain, "degraded_after_ms")
    s.degradedChecks = int(plain, "degraded_checks") ?? s.degradedChecks
    s.attempts = int(plain, "attempts") ?? s.attempts
    s.regions = plain["regions"]?.array?.compactMap(\.string) ?? s.regions
    s.allowsStandIn = plain["allow_stand_in"]?.bool ?? s.allowsStandIn
    s.quorum = plain["quorum"].flatMap(MonitorSettings.Quorum.init) ?? s.quorum
    s.recoveryChecks = int(plain, "recovery_checks") ?? s.recoveryChecks
    s.followRedirects = plain["follow_redirects"]?.bool ?? s.followRedirects
    s.maxRedirects = int(plain, "max_redirects") ?? s.maxRedirects
    s.verifyTLS = plain["verify_tls"]?.bool ?? s.verifyTLS
    s.certificateWarningDays = int(plain, "certificate_warning_days") ?? s.certificateWarningDays
    s.ipFamily = plain["ip_family"]?.string.flatMap(MonitorSettings.IPFamily.init) ?? s.ipFamily
    s.tags = plain["tags"]?.array?.compactMap(\.string) ?? []
    s.assertions = plain["assertions"]?.array?.compactMap(Assertion.init(json:)) ?? []
    s.headers = (secret?["headers"]?.array ?? []).compactMap { header in
      guard let name = header["name"]?.string, let value = header["value"]?.string else { return nil }
      return MonitorSettings.Header(name: name, value: value)
    }
    s.body = secret?["body"]?.string
    return s
  }

  private static func int(_ json: JSON, _ name: String) -> Int? { json[name]?.int.map(Int.init) }
}

extension MonitorSettings.Quorum {
  /// `"majority"` or a count.
  public var json: JSON {
    switch self {
    case .majority: "majority"
    case .count(let n): JSON(n)
    }
  }

  public init?(_ json: JSON) {
    if json.string == "majority" {
      self = .majority
    } else if let n = json.int, n > 0, n <= 1000 {
      self = .count(Int(n))
    } else {
      return nil
    }
  }
}

extension Assertion {
  public var json: JSON {
    var members: [JSON.Member] = [.init("source", .string(source.rawValue))]
    if !target.isEmpty { members.append(.init("target", .string(target))) }
    members.append(.init("comparison", .string(comparison.rawValue)))
    members.append(.init("value", .string(value)))
    return .object(members)
  }

  public init?(json: JSON) {
    guard let source = json["source"]?.string.flatMap(Source.init),
      let comparison = json["comparison"]?.string.flatMap(Comparison.init)
    else { return nil }
    self.init(source, target: json["target"]?.string ?? "", comparison, json["value"]?.string ?? "")
  }
}
