import Curl
import Domain

/// One attempt: a transfer per redirect hop, then the assertions. Owned by the engine's thread.
final class ProbeAttempt: ExchangeOwner {
  private let target: ProbeTarget
  private let client: TransferClient
  private let policy: AddressPolicy
  private let deadlineNs: UInt64
  private let ended: (Observation) -> Void
  private let startNs: UInt64
  private var request: PreparedRequest
  private var exchange: Exchange?
  private var observation: Observation
  private var hops: [Evidence.Hop] = []
  private var isSameOrigin = true

  init(
    target: ProbeTarget, client: TransferClient, world: World, policy: AddressPolicy, deadlineNs: UInt64,
    ended: @escaping (Observation) -> Void
  ) {
    self.target = target
    self.client = client
    self.policy = policy
    self.deadlineNs = deadlineNs
    self.ended = ended
    request = target.request
    startNs = client.loop.nowNs
    observation = Observation(startedAt: world.now())
  }

  func start() {
    exchange = client.start(request, deadlineNs: deadlineNs, owner: self) { [policy] in policy.allows($0) }
  }

  func cancel() {
    guard let exchange else { return }
    exchange.cancel()
    client.recycle(exchange)
    self.exchange = nil
  }

  func exchangeEnded(_ exchange: Exchange) {
    note(exchange)
    if let failure = exchange.failure { return finish(exchange, Failure(failure)) }
    if target.settings.followRedirects, let location = redirect(exchange) { return follow(location, exchange) }
    var answer = Answer(status: exchange.status, head: [], body: [], totalMs: Double(observation.timing.totalUs) / 1000)
    if target.assertions.readsAnswer {
      answer.head = exchange.head
      answer.body = exchange.body
      answer.certificateDays = observation.certificate.map {
        Double($0.expiresAt - observation.startedAt) / Double(Instant.dayMs)
      }
    }
    let loop = client.loop
    finish(exchange, target.assertions.failure(answer) { loop.nowNs })
  }

  private func note(_ exchange: Exchange) {
    observation.timing.add(exchange.timing)
    observation.httpStatus = exchange.status > 0 ? Int32(exchange.status) : nil
    observation.remoteAddress = exchange.address.map(target.text(of:))
    observation.httpVersion =
      switch exchange.httpVersion {
      case 10: "1.0"
      case 11: "1.1"
      case 20: "2"
      default: nil
      }
    observation.bodyBytes = Int64(exchange.bodyBytes)
    observation.certificate = request.url.isTLS ? CertificateFacts(leafOf: exchange) : nil
  }

  private func finish(_ exchange: Exchange, _ failure: Failure?) {
    observation.failure = failure
    observation.loopLagUs = client.loop.lagUs(since: startNs)
    if failure != nil || !hops.isEmpty {
      var evidence = Evidence()
      if !hops.isEmpty || failure != nil { evidence.hops = hops + [hop(exchange)] }
      if failure != nil { evidence.take(exchange, secrets: target.secrets) }
      evidence.bound()
      observation.evidence = evidence
    }
    self.exchange = nil
    client.recycle(exchange)
    ended(observation)
  }

  // MARK: Redirects

  private func redirect(_ exchange: Exchange) -> String? {
    switch exchange.status {
    case 301, 302, 303, 307, 308: ResponseHead(bytes: exchange.head).value(of: "location")
    default: nil
    }
  }

  private func hop(_ exchange: Exchange) -> Evidence.Hop {
    var timing = Timing()
    timing.add(exchange.timing)
    return Evidence.Hop(
      url: Secrets.maskedURL(request.url), address: exchange.address?.description,
      status: exchange.status > 0 ? Int32(exchange.status) : nil, timing: timing)
  }

  private func follow(_ location: String, _ exchange: Exchange) {
    guard hops.count < target.settings.maxRedirects else {
      let limit = target.settings.maxRedirects
      let sentence = "The answer redirects again after \(limit) redirect\(limit == 1 ? "" : "s")."
      return finish(exchange, Failure(.tooManyRedirects, .firstByte, sentence))
    }
    let next: WebURL
    do throws(WebURL.ParseError) {
      next = try WebURL(location, relativeTo: request.url)
    } catch {
      let sentence = "The redirect leads to an address that cannot be fetched: \(error.description)"
      return finish(exchange, Failure(.protocolError, .firstByte, String(sentence.prefix(300))))
    }
    hops.append(hop(exchange))
    if next.origin != request.url.origin { isSameOrigin = false }
    request = target.redirected(from: request, to: next, status: exchange.status, keepsSecrets: isSameOrigin)
    self.exchange = nil
    client.recycle(exchange)
    start()
  }
}

extension ProbeTarget {
  /// Headers that say nothing about who asks and may go to another origin.
  private static let harmlessHeaders: Set<String> = [
    "accept", "accept-language", "accept-encoding", "user-agent", "cache-control", "pragma", "content-type",
  ]

  /// The request of the next hop: 303, and POST after 301 and 302, become GET (RFC 9110, section 15.4); what may name or
  /// authorise the sender stays with the first origin.
  func redirected(from old: PreparedRequest, to url: WebURL, status: Int, keepsSecrets: Bool) -> PreparedRequest {
    let becomesGet = status == 303 && old.method != "HEAD" || (status == 301 || status == 302) && old.method == "POST"
    var headers = settings.headers.map { (name: $0.name, value: $0.value) }
    if keepsSecrets {
      if let authorization = request.url.authorization,
        !headers.contains(where: { $0.name.lowercased() == "authorization" })
      {
        headers.append((name: "Authorization", value: authorization))
      }
    } else {
      headers.removeAll { !Self.harmlessHeaders.contains($0.name.lowercased()) }
    }
    let isGet = becomesGet || old.method == "GET" && settings.method != "GET"
    if isGet { headers.removeAll { $0.name.lowercased().hasPrefix("content-") } }
    return PreparedRequest(
      url, method: becomesGet ? "GET" : old.method, headers: headers,
      body: isGet ? nil : settings.body.map { Array($0.utf8) }, options: old.options)
  }
}
