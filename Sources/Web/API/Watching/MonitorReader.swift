import Domain
import JSON

/// A monitor's settings in the words of the API.
enum MonitorReader {
  /// Reads a body over `base`: what is absent keeps its value. The rules that tie members together are the settings' own.
  static func settings(_ body: JSONReader, over base: MonitorSettings?) -> MonitorSettings {
    var settings = base ?? MonitorSettings(name: "", url: "")
    if base == nil {
      settings.url = body.text("url", 1...Limits.urlBytesMax)
      settings.name = body.text("name", or: defaultName(settings.url))
    } else {
      settings.url = body.text("url", 1...Limits.urlBytesMax, or: settings.url)
      settings.name = body.text("name", or: settings.name)
    }
    settings.kind = body.choice("type", or: settings.kind)
    settings.method = body.text("method", 1...20, or: settings.method)
    settings.headers = body.objects("headers", 0...Limits.requestHeadersMax, or: settings.headers) { header in
      MonitorSettings.Header(
        name: header.text("name", 1...200), value: header.text("value", 0...Limits.requestHeaderBytesMax))
    }
    settings.body = body.proseOrNull("body", 0...Limits.requestBodyBytesMax, or: settings.body)
    settings.intervalS = body.int("interval_s", Limits.intervalS, or: settings.intervalS)
    settings.timeoutMs = body.int(
      "timeout_ms", Limits.timeoutMs,
      or: base == nil ? min(settings.timeoutMs, settings.intervalS * 1000) : settings.timeoutMs)
    settings.degradedAfterMs = body.intOrNull(
      "degraded_after_ms", 1...Limits.timeoutMs.upperBound, or: settings.degradedAfterMs)
    settings.attempts = body.int("attempts", Limits.attempts, or: settings.attempts)
    settings.regions = body.texts("regions", 1...50, 1...63, or: settings.regions)
    settings.allowsStandIn = body.bool("allow_stand_in", or: settings.allowsStandIn)
    settings.quorum = quorum(body, or: settings.quorum)
    settings.recoveryChecks = body.int("recovery_checks", Limits.recoveryChecks, or: settings.recoveryChecks)
    settings.followRedirects = body.bool("follow_redirects", or: settings.followRedirects)
    settings.maxRedirects = body.int("max_redirects", Limits.maxRedirects, or: settings.maxRedirects)
    settings.verifyTLS = body.bool("verify_tls", or: settings.verifyTLS)
    settings.certificateWarningDays = body.int(
      "certificate_warning_days", Limits.certificateWarningDays, or: settings.certificateWarningDays)
    settings.ipFamily = body.choice("ip_family", or: settings.ipFamily)
    settings.tags = body.texts("tags", 0...Limits.tagsMax, 1...Limits.tagCharactersMax, or: settings.tags)
    settings.enabled = body.bool("enabled", or: settings.enabled)
    settings.assertions = body.objects("assertions", 0...Limits.assertionsMax, or: settings.assertions) { assertion in
      Assertion(
        assertion.choice("source", Assertion.Source.self),
        target: assertion.text("target", 0...1000, or: ""),
        assertion.choice("comparison", Assertion.Comparison.self),
        assertion.prose("value", 0...Limits.assertionValueBytesMax, or: ""))
    }
    settings.dependsOn = body.ids(
      "depends_on", PublicID<MonitorTag>.self, max: Limits.dependenciesMax, or: settings.dependsOn)
    return settings
  }

  /// The host, which is what people would type.
  private static func defaultName(_ url: String) -> String {
    let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
    let host = rest.split(separator: "@").last.map(String.init) ?? url
    return String((host.isEmpty ? url : host).prefix(Limits.nameCharactersMax))
  }

  private static func quorum(_ body: JSONReader, or absent: MonitorSettings.Quorum) -> MonitorSettings.Quorum {
    guard let value = body.raw("quorum") else { return absent }
    if value == "majority" { return .majority }
    if let count = value.int, (1...50).contains(count) { return .count(Int(count)) }
    body.refuse("quorum", "must be \"majority\" or a whole number from 1 to 50")
    return absent
  }
}

extension MonitorSettings {
  /// The settings as the API writes them, without what is measured.
  var members: [JSON.Member] {
    [
      .init("name", .string(name)), .init("type", .string(kind.rawValue)), .init("url", .string(url)),
      .init("method", .string(method)),
      .init("headers", .array(headers.map { ["name": .string($0.name), "value": .string($0.value)] })),
      .init("body", JSON(body)), .init("interval_s", JSON(intervalS)), .init("timeout_ms", JSON(timeoutMs)),
      .init("degraded_after_ms", JSON(degradedAfterMs)), .init("attempts", JSON(attempts)),
      .init("regions", .array(regions.map(JSON.string))), .init("allow_stand_in", .bool(allowsStandIn)),
      .init("quorum", quorumJSON),
      .init("recovery_checks", JSON(recoveryChecks)), .init("follow_redirects", .bool(followRedirects)),
      .init("max_redirects", JSON(maxRedirects)), .init("verify_tls", .bool(verifyTLS)),
      .init("certificate_warning_days", JSON(certificateWarningDays)), .init("ip_family", .string(ipFamily.rawValue)),
      .init("tags", .array(tags.map(JSON.string))), .init("enabled", .bool(enabled)),
      .init("assertions", .array(assertions.map(\.json))),
      .init("depends_on", .array(dependsOn.map { JSON($0) })),
    ]
  }

  private var quorumJSON: JSON {
    switch quorum {
    case .majority: "majority"
    case .count(let count): JSON(count)
    }
  }
}

extension Assertion {
  fileprivate var json: JSON {
    var members: [JSON.Member] = [.init("source", .string(source.rawValue))]
    if !target.isEmpty { members.append(.init("target", .string(target))) }
    members += [.init("comparison", .string(comparison.rawValue)), .init("value", .string(value))]
    return .object(members)
  }
}
