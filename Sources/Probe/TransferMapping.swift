import Curl
import Domain

extension AddressPolicy {
  func allows(_ address: IPAddress) -> Bool { allows(high: address.high, low: address.low) }
}

extension Failure {
  /// A transfer that failed, in the words of the contract.
  init(_ failure: TransferFailure) {
    let reason: FailureReason =
      switch failure.kind {
      case .nameNotFound: .dnsNotFound
      case .nameFailed: .dnsError
      case .addressForbidden: .policyBlocked
      case .connectRefused: .connectRefused
      case .connectTimeout: .connectTimeout
      case .unreachable: .networkUnreachable
      case .tlsHandshake: .tlsHandshake
      case .certificateExpired: .tlsCertificateExpired
      case .certificateInvalid: .tlsCertificateInvalid
      case .hostnameMismatch: .tlsHostnameMismatch
      case .sendFailed: .sendFailed
      case .timeout, .cancelled: .timeout
      case .reset: .connectionReset
      case .protocolError: .protocolError
      case .bodyTooLarge: .bodyTooLarge
      }
    let phase: Phase =
      switch failure.stage {
      case .dns: .dns
      case .connect: .connect
      case .tls: .tls
      case .send: .send
      case .firstByte: .firstByte
      case .transfer: .transfer
      }
    self.init(reason, phase, String(failure.description.prefix(300)))
  }
}

extension Timing {
  /// Adds the phases of one hop.
  mutating func add(_ hop: TransferTiming) {
    func sum(_ a: Int32?, _ b: Int64?) -> Int32? {
      guard let b else { return a }
      return Int32(clamping: Int64(a ?? 0) + b)
    }
    dnsUs = sum(dnsUs, hop.dnsUs)
    connectUs = sum(connectUs, hop.connectUs)
    tlsUs = sum(tlsUs, hop.tlsUs)
    firstByteUs = sum(firstByteUs, hop.firstByteUs)
    transferUs = sum(transferUs, hop.transferUs)
    totalUs = Int32(clamping: Int64(totalUs) + hop.totalUs)
  }
}

extension CertificateFacts {
  /// The leaf that the peer presented; nil without TLS or where its fields cannot be read.
  init?(leafOf exchange: Exchange) {
    guard exchange.certificateCount > 0, let expiry = exchange.certificateField("Expire date", of: 0),
      let expiresAt = Instant(certificateDate: expiry)
    else { return nil }
    self.init(
      expiresAt: expiresAt, issuer: exchange.certificateField("Issuer", of: 0) ?? "",
      subject: exchange.certificateField("Subject", of: 0) ?? "")
  }
}

extension Instant {
  /// OpenSSL's writing: `Nov  5 01:02:03 2027 GMT`.
  init?(certificateDate text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard words.count >= 4, let month = months.firstIndex(of: String(words[0])), let day = Int(words[1]),
      let year = Int(words[3]), 1...31 ~= day, 1...9999 ~= year
    else { return nil }
    let clock = words[2].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3 else { return nil }
    self =
      CivilTime(
        year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2]
      ).instant
  }
}
