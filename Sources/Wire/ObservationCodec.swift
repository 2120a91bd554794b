import Domain
import JSON

/// What an attempt saw, as workers write it: the shape of a result in the API, with the evidence of a failure.
extension Observation {
  public var members: [JSON.Member] {
    [
      .init("http_status", JSON(httpStatus)), .init("remote_address", JSON(remoteAddress)),
      .init("http_version", JSON(httpVersion)), .init("body_bytes", .int(bodyBytes)), .init("timing", timing.json),
      .init(
        "failure",
        failure.map {
          [
            "reason": .string($0.reason.name), "phase": .string($0.phase.name), "message": .string($0.message),
          ]
        } ?? .null),
      .init(
        "certificate",
        certificate.map {
          [
            "expires_at": .string($0.expiresAt.rfc3339), "issuer": .string($0.issuer), "subject": .string($0.subject),
          ]
        } ?? .null),
      .init("loop_lag_us", JSON(loopLagUs)),
    ] + (hasWayOut.map { [JSON.Member("way_out", .bool($0))] } ?? [])
      + (evidence.map { [JSON.Member("evidence", $0.json)] } ?? [])
  }

  /// Nil where a member has another type, a number is out of its range, or a failure is none that there is. Texts are cut
  /// to what a probe of ours writes.
  public init?(_ json: JSON, startedAt: Instant) {
    self.init(startedAt: startedAt)
    guard let timing = json["timing"].flatMap(Timing.init), let read = Self.failure(json["failure"]) else { return nil }
    self.timing = timing
    failure = read.failure
    httpStatus = json["http_status"]?.int.flatMap { (100...999).contains($0) ? Int32($0) : nil }
    remoteAddress = json["remote_address"]?.string.map { $0.cut(45) }
    httpVersion = json["http_version"]?.string.map { $0.cut(8) }
    bodyBytes = min(max(json["body_bytes"]?.int ?? 0, 0), 1 << 40)
    loopLagUs = Int32(clamping: max(json["loop_lag_us"]?.int ?? 0, 0))
    if let facts = json["certificate"], let expires = facts["expires_at"]?.string.flatMap(Instant.init(rfc3339:)) {
      certificate = CertificateFacts(
        expiresAt: expires, issuer: (facts["issuer"]?.string ?? "").cut(500),
        subject: (facts["subject"]?.string ?? "").cut(500))
    }
    hasWayOut = failure == nil ? nil : json["way_out"]?.bool
    evidence = json["evidence"].flatMap(Evidence.init)
  }

  private static func failure(_ json: JSON?) -> (failure: Failure?, Void)? {
    guard let json, !json.isNull else { return (nil, ()) }
    guard let reason = json["reason"]?.string.flatMap(FailureReason.init(name:)),
      let phase = json["phase"]?.string.flatMap({ name in Phase.allCases.first { $0.name == name } })
    else { return nil }
    return (Failure(reason, phase, (json["message"]?.string ?? "").cut(300)), ())
  }
}

extension Timing {
  var json: JSON {
    [
      "dns_us": JSON(dnsUs), "connect_us": JSON(connectUs), "tls_us": JSON(tlsUs), "first_byte_us": JSON(firstByteUs),
      "transfer_us": JSON(transferUs), "total_us": JSON(totalUs),
    ]
  }

  init?(_ json: JSON) {
    guard json.members != nil else { return nil }
    self.init()
    var isSound = true
    func read(_ name: String) -> Int32? {
      guard let value = json[name], !value.isNull else { return nil }
      guard let number = value.int, let us = Int32(exactly: number), us >= 0 else {
        isSound = false
        return nil
      }
      return us
    }
    dnsUs = read("dns_us")
    connectUs = read("connect_us")
    tlsUs = read("tls_us")
    firstByteUs = read("first_byte_us")
    transferUs = read("transfer_us")
    totalUs = read("total_us") ?? 0
    guard isSound else { return nil }
  }
}

extension Evidence {
  var json: JSON {
    [
      "hops": .array(
        hops.map {
          [
            "url": .string($0.url), "address": JSON($0.address), "status": JSON($0.status), "timing": $0.timing.json,
          ]
        }), "head": .string(responseHead), "excerpt": .string(bodyExcerpt),
      "chain": .array(certificateChain.map(JSON.string)),
    ]
  }

  init?(_ json: JSON) {
    guard json.members != nil else { return nil }
    self.init()
    hops = (json["hops"]?.array ?? []).prefix(Limits.maxRedirects.upperBound + 1).compactMap { hop in
      guard let url = hop["url"]?.string else { return nil }
      return Hop(
        url: url.cut(Limits.urlBytesMax), address: hop["address"]?.string.map { $0.cut(45) },
        status: hop["status"]?.int.flatMap { Int32(exactly: $0) },
        timing: hop["timing"].flatMap(Timing.init) ?? Timing())
    }
    responseHead = (json["head"]?.string ?? "").cut(Limits.evidenceBytesMax)
    bodyExcerpt = (json["excerpt"]?.string ?? "").cut(Limits.evidenceBytesMax)
    certificateChain = (json["chain"]?.array ?? []).prefix(20).compactMap { $0.string?.cut(1000) }
  }
}

extension String {
  /// At most so many bytes, at a character's end.
  func cut(_ bytes: Int) -> String {
    guard utf8.count > bytes else { return self }
    var end = utf8.index(utf8.startIndex, offsetBy: bytes)
    while end > startIndex, String.Index(end, within: self) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
