import Domain
import JSON
import Probe

extension Command {
  /// One check from here and now, without any server.
  static let check = Command(
    name: "check", usage: "URL", summary: "Checks one URL here and now and draws where the time went.",
    settings: [
      Setting("json", nil, help: "Prints the result as JSON."),
      Setting("method", "METHOD", standard: "GET", help: "The request method."),
      Setting("timeout", "MS", standard: "10000", help: "Milliseconds that the check may take in all.") {
        number($0, in: Limits.timeoutMs)
      },
      Setting("degraded-after", "MS", help: "Slower than this is degraded (exit code 4).") {
        number($0, in: Limits.timeoutMs)
      },
      Setting("insecure", nil, help: "Does not verify the certificate."),
    ],
    body: { arguments in
      guard arguments.words.count == 1, let url = arguments.words.first else {
        throw UsageError(message: "one URL is needed: martlet check https://example.com")
      }
      var settings = MonitorSettings(name: url, url: url.contains("://") ? url : "https://" + url)
      settings.method = arguments["method"] ?? "GET"
      settings.timeoutMs = Int(arguments["timeout"] ?? "") ?? 10_000
      settings.degradedAfterMs = arguments["degraded-after"].flatMap(Int.init)
      settings.verifyTLS = !arguments.isOn("insecure")
      let target: ProbeTarget
      do throws(TargetError) {
        target = try ProbeTarget(settings)
      } catch {
        throw UsageError(message: "\(url): \(error)")
      }
      let report = try await ProbeOnce.check(target, allowsPrivate: true, world: .system)
      let status = CheckVerdict(report)
      Console.line(arguments.isOn("json") ? status.json(url: settings.url).text : status.text(url: settings.url))
      return status.exitCode
    })
}

/// What one check by itself says, for a person and for a machine.
private struct CheckVerdict {
  let observation: Observation
  let status: CheckStatus
  private let isOwnTrouble: Bool

  init(_ report: ProbeReport) {
    observation = report.observation
    status = report.status
    isOwnTrouble = report.isOwnTrouble
  }

  /// Our own trouble says nothing about the target.
  private var statusName: String { isOwnTrouble ? "unknown" : status.name }

  var exitCode: Int32 {
    if isOwnTrouble { return ExitCode.failure }
    return switch status {
    case .up: ExitCode.ok
    case .degraded: ExitCode.degraded
    case .down: ExitCode.down
    }
  }

  func text(url: String) -> String {
    let color = isOwnTrouble ? 90 : status == .up ? 32 : status == .degraded ? 33 : 31
    let word = Console.isColorful ? "\u{1B}[1;\(color)m\(statusName)\u{1B}[0m" : statusName
    var head = [word, url]
    if let code = observation.httpStatus { head.append("HTTP \(code)") }
    if let address = observation.remoteAddress { head.append(address) }
    var lines = [head.joined(separator: "  "), ""]
    lines += Waterfall(observation: observation, isColorful: Console.isColorful).lines
    if let certificate = observation.certificate {
      let days = (certificate.expiresAt - observation.startedAt) / Instant.dayMs
      lines += ["", "Certificate of \(certificate.subject), by \(certificate.issuer), ends in \(days) days"]
    }
    if let failure = observation.failure {
      lines += ["", "\(failure.reason.name) in \(failure.phase.name): \(failure.message)"]
    }
    if isOwnTrouble {
      lines.append("They do not answer for the root of the DNS either: look at this machine's DNS servers first.")
    }
    return lines.joined(separator: "\n")
  }

  func json(url: String) -> JSON {
    let timing = observation.timing
    return [
      "url": .string(url), "status": .string(statusName), "started_at": .string(observation.startedAt.rfc3339),
      "http_status": JSON(observation.httpStatus), "remote_address": JSON(observation.remoteAddress),
      "http_version": JSON(observation.httpVersion), "body_bytes": .int(observation.bodyBytes),
      "timing": [
        "dns_us": JSON(timing.dnsUs), "connect_us": JSON(timing.connectUs), "tls_us": JSON(timing.tlsUs),
        "first_byte_us": JSON(timing.firstByteUs), "transfer_us": JSON(timing.transferUs),
        "total_us": JSON(timing.totalUs),
      ],
      "failure": observation.failure.map {
        ["reason": .string($0.reason.name), "phase": .string($0.phase.name), "message": .string($0.message)]
      } ?? .null,
      "certificate": observation.certificate.map {
        [
          "expires_at": .string($0.expiresAt.rfc3339), "issuer": .string($0.issuer), "subject": .string($0.subject),
        ]
      } ?? .null,
    ]
  }
}

/// Nil when `text` is a whole number in `range`.
func number(_ text: String, in range: ClosedRange<Int>) -> String? {
  Int(text).map(range.contains) == true ? nil : "give a whole number from \(range.lowerBound) to \(range.upperBound)."
}
