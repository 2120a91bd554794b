import Synchronization

/// The product's own way out: webhooks, chat services, mail. One thread; every address is vetted before a connection.
public final class OutboundClient: Sendable {
  public typealias Vetting = @Sendable (IPAddress) -> Bool

  private let thread: LoopThread<OutboundCore>
  private let nextID = Atomic<UInt64>(1)

  public init(configuration: TransferClient.Configuration = .init()) throws {
    thread = try LoopThread(name: "outbound") { loop in
      OutboundCore(client: try TransferClient(loop: loop, configuration: configuration))
    }
  }

  /// Ends the thread; what is under way fails as cancelled.
  public func stop() {
    thread.post { core in core.stop() }
    thread.stop()
  }

  /// Sends one request and waits for the whole answer, whatever its status. `vet` says which addresses may be contacted.
  public func send(
    _ request: OutboundRequest, vet: @escaping Vetting
  ) async throws(TransferFailure) -> OutboundResponse {
    let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    return try await perform(id) { core, done in core.send(id, request, vet, done) }.get()
  }

  /// Hands one mail to its server; throws the server's refusal with its code.
  public func sendMail(_ mail: OutboundMail, vet: @escaping Vetting) async throws(MailError) {
    let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    let answer: Result<Int, TransferFailure> = await perform(id) { core, done in core.send(id, mail, vet, done) }
    switch answer {
    case .success: return
    case .failure(let failure): throw MailError(replyCode: failure.replyCode, failure: failure)
    }
  }

  private func perform<Value: Sendable>(
    _ id: UInt64,
    _ start: @escaping @Sendable (OutboundCore, @escaping @Sendable (Result<Value, TransferFailure>) -> Void) -> Void
  ) async -> Result<Value, TransferFailure> {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let accepted = thread.post { core in start(core) { continuation.resume(returning: $0) } }
        if !accepted { continuation.resume(returning: .failure(.cancelled)) }
      }
    } onCancel: {
      thread.post { core in core.cancel(id) }
    }
  }
}

extension TransferFailure {
  static let cancelled = TransferFailure(.cancelled, .connect, "The transfer was cancelled.")
}

/// The client's state on its thread.
final class OutboundCore: ExchangeOwner {
  private struct Pending {
    var exchange: Exchange
    var done: (Result<OutboundResponse, TransferFailure>) -> Void
  }
  private struct PendingMail {
    var transfer: MailTransfer
    var done: (Result<Int, TransferFailure>) -> Void
  }

  private let client: TransferClient
  private var pending: [UInt64: Pending] = [:]
  private var mails: [UInt64: PendingMail] = [:]
  private var ids: [ObjectIdentifier: UInt64] = [:]
  private var isStopped = false

  init(client: TransferClient) { self.client = client }

  func send(
    _ id: UInt64, _ request: OutboundRequest, _ vet: @escaping (IPAddress) -> Bool,
    _ done: @escaping (Result<OutboundResponse, TransferFailure>) -> Void
  ) {
    guard !isStopped else { return done(.failure(.cancelled)) }
    var options = PreparedRequest.Options()
    options.bodyBytesMax = request.bodyBytesMax
    options.bodyBytesKept = request.bodyBytesMax
    options.reusesConnection = request.reusesConnection
    let prepared = PreparedRequest(
      request.url, method: request.method, headers: request.headers, body: request.body, options: options)
    let exchange = client.start(prepared, deadlineNs: deadline(request.timeoutMs), owner: self, vet: vet)
    pending[id] = Pending(exchange: exchange, done: done)
    ids[ObjectIdentifier(exchange)] = id
  }

  func send(
    _ id: UInt64, _ mail: OutboundMail, _ vet: @escaping (IPAddress) -> Bool,
    _ done: @escaping (Result<Int, TransferFailure>) -> Void
  ) {
    guard !isStopped else { return done(.failure(.cancelled)) }
    // An address with a bracket or a line break would be a command of its own.
    guard
      ([mail.from] + mail.to).allSatisfy({ !$0.utf8.contains { $0 <= 0x20 || $0 == 0x3c || $0 == 0x3e || $0 == 0x7f } })
    else { return done(.failure(TransferFailure(.protocolError, .send, "A mail address is not valid."))) }
    let transfer = MailTransfer(client: client, mail: mail) { [unowned self] in mailEnded(id, $0) }
    mails[id] = PendingMail(transfer: transfer, done: done)
    transfer.begin(deadlineNs: deadline(mail.timeoutMs), vet: vet)
  }

  func cancel(_ id: UInt64) {
    if let found = pending.removeValue(forKey: id) {
      ids[ObjectIdentifier(found.exchange)] = nil
      found.exchange.cancel()
      client.recycle(found.exchange)
      found.done(.failure(.cancelled))
    }
    if let found = mails.removeValue(forKey: id) {
      found.transfer.cancel()
      found.done(.failure(.cancelled))
    }
  }

  func stop() {
    isStopped = true
    for id in Array(pending.keys) + Array(mails.keys) { cancel(id) }
  }

  func exchangeEnded(_ exchange: Exchange) {
    guard let id = ids.removeValue(forKey: ObjectIdentifier(exchange)), let found = pending.removeValue(forKey: id)
    else { return }
    let answer: Result<OutboundResponse, TransferFailure> =
      if let failure = exchange.failure {
        .failure(failure)
      } else {
        .success(OutboundResponse(status: exchange.status, headers: headers(exchange.head), body: exchange.body))
      }
    client.recycle(exchange)
    found.done(answer)
  }

  private func mailEnded(_ id: UInt64, _ transfer: MailTransfer) {
    guard let found = mails.removeValue(forKey: id) else { return }
    guard let failure = transfer.failure else { return found.done(.success(transfer.replyCode)) }
    found.done(.failure(failure.fromMailServer(code: transfer.replyCode)))
  }

  private func deadline(_ timeoutMs: Int64) -> UInt64 { client.loop.nowNs + UInt64(max(timeoutMs, 1)) * 1_000_000 }

  private func headers(_ head: [UInt8]) -> [(name: String, value: String)] {
    String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...]
      let start = value.firstIndex { $0 != " " && $0 != "\t" } ?? value.endIndex
      return (String(line[..<colon]), String(value[start...]))
    }
  }
}
