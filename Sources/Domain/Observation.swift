/// Why a check failed. Raw values are stored and served: never renamed, never renumbered.
public enum FailureReason: Int16, Sendable, CaseIterable {
  case dnsNotFound = 1, dnsError, connectRefused, connectTimeout, networkUnreachable, tlsHandshake,
    tlsCertificateExpired, tlsCertificateInvalid, tlsHostnameMismatch, sendFailed, timeout, connectionReset,
    protocolError, tooManyRedirects, bodyTooLarge, statusCode, assertion, assertionTimeout, policyBlocked

  public var name: String {
    switch self {
    case .dnsNotFound: "dns_not_found"
    case .dnsError: "dns_error"
    case .connectRefused: "connect_refused"
    case .connectTimeout: "connect_timeout"
    case .networkUnreachable: "network_unreachable"
    case .tlsHandshake: "tls_handshake"
    case .tlsCertificateExpired: "tls_certificate_expired"
    case .tlsCertificateInvalid: "tls_certificate_invalid"
    case .tlsHostnameMismatch: "tls_hostname_mismatch"
    case .sendFailed: "send_failed"
    case .timeout: "timeout"
    case .connectionReset: "connection_reset"
    case .protocolError: "protocol_error"
    case .tooManyRedirects: "too_many_redirects"
    case .bodyTooLarge: "body_too_large"
    case .statusCode: "status_code"
    case .assertion: "assertion"
    case .assertionTimeout: "assertion_timeout"
    case .policyBlocked: "policy_blocked"
    }
  }

  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

/// Where in its life a check stood.
public enum Phase: Int16, Sendable, CaseIterable {
  case dns = 1, connect, tls, send, firstByte, transfer, assertion

  public var name: String {
    switch self {
    case .dns: "dns"
    case .connect: "connect"
    case .tls: "tls"
    case .send: "send"
    case .firstByte: "first_byte"
    case .transfer: "transfer"
    case .assertion: "assertion"
    }
  }
}

/// Why a slot has no result: our own trouble, never the target's. Raw values are stored.
public enum MissedReason: Int16, Sendable, CaseIterable {
  case workerLost = 1, workerOffline, notRunning, overloaded, regionSuspect, spoolFull

  public var name: String {
    switch self {
    case .workerLost: "worker_lost"
    case .workerOffline: "worker_offline"
    case .notRunning: "not_running"
    case .overloaded: "overloaded"
    case .regionSuspect: "region_suspect"
    case .spoolFull: "spool_full"
    }
  }
}

/// Lengths of the phases in µs, summed over redirect hops; nil where a phase did not happen, 0 where it took less than 1 µs.
public struct Timing: Hashable, Sendable {
  public var dnsUs: Int32?
  public var connectUs: Int32?
  public var tlsUs: Int32?
  public var firstByteUs: Int32?
  public var transferUs: Int32?
  public var totalUs: Int32 = 0

  public init() {}
}

public struct Failure: Hashable, Sendable {
  public var reason: FailureReason
  public var phase: Phase
  /// One sentence for people, at most 300 characters, without secrets.
  public var message: String

  public init(_ reason: FailureReason, _ phase: Phase, _ message: String) {
    self.reason = reason
    self.phase = phase
    self.message = message
  }
}

extension Failure {
  /// Something came back that only the target can have sent; else it may as well be the network of the one who looks.
  public var cameFromTarget: Bool {
    switch reason {
    case .dnsNotFound, .dnsError, .connectRefused, .connectTimeout, .networkUnreachable, .tlsHandshake, .sendFailed,
      .timeout, .connectionReset:
      false
    case .tlsCertificateExpired, .tlsCertificateInvalid, .tlsHostnameMismatch, .protocolError, .tooManyRedirects,
      .bodyTooLarge, .statusCode, .assertion, .assertionTimeout, .policyBlocked:
      true
    }
  }
}

public struct CertificateFacts: Hashable, Sendable {
  public var expiresAt: Instant
  public var issuer: String
  public var subject: String

  public init(expiresAt: Instant, issuer: String, subject: String) {
    self.expiresAt = expiresAt
    self.issuer = issuer
    self.subject = subject
  }
}

/// What one attempt of a probe saw. Failure is data: nil means that the transfer and all assertions went well.
public struct Observation: Hashable, Sendable {
  public var startedAt: Instant
  public var timing = Timing()
  public var httpStatus: Int32?
  public var remoteAddress: String?
  /// `1.1`, `2`.
  public var httpVersion: String?
  public var bodyBytes: Int64 = 0
  public var failure: Failure?
  public var certificate: CertificateFacts?
  /// How late the engine's own loop was while this ran, in µs: above 5,000 the timing is not to be trusted.
  public var loopLagUs: Int32 = 0
  /// Whether, as it had failed, servers of the DNS's root answered whoever looked: then there was a way out. Nil where they
  /// were not asked.
  public var hasWayOut: Bool?
  /// Kept only when asked for (failing runs): hops, response head, excerpt.
  public var evidence: Evidence?

  public init(startedAt: Instant) { self.startedAt = startedAt }
}

/// What is shown as the reason of an outage; secrets are masked before it leaves the probe.
public struct Evidence: Hashable, Sendable {
  public struct Hop: Hashable, Sendable {
    public var url: String
    public var address: String?
    public var status: Int32?
    public var timing: Timing
    public init(url: String, address: String?, status: Int32?, timing: Timing) {
      self.url = url
      self.address = address
      self.status = status
      self.timing = timing
    }
  }
  public var hops: [Hop] = []
  public var responseHead = ""
  public var bodyExcerpt = ""
  /// One line per certificate, leaf first: subject, issuer, expiry.
  public var certificateChain: [String] = []

  public init() {}
}

/// Up, degraded or down: what one check says by itself.
public enum CheckStatus: Int16, Sendable, CaseIterable {
  case up = 1, degraded, down

  public var name: String {
    switch self {
    case .up: "up"
    case .degraded: "degraded"
    case .down: "down"
    }
  }
}

public enum Trigger: Int16, Sendable, CaseIterable {
  case schedule = 1, created, manual, secondOpinion

  public var name: String {
    switch self {
    case .schedule: "schedule"
    case .created: "created"
    case .manual: "manual"
    case .secondOpinion: "second_opinion"
    }
  }
}
