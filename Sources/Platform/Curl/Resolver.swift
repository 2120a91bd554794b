import CAres
import CLinux
import Glibc

/// Addresses of names by c-ares on the loop of its owner: no thread per lookup, each lookup timed and fresh.
public final class Resolver: EventSource {
  public enum Family: Sendable { case any, v4, v6 }

  public enum Failure: Error, Hashable, Sendable {
    /// The name does not exist, or has no address of the family asked for.
    case notFound(String)
    /// The servers failed, refused or did not answer.
    case failed(String)
  }

  public struct Configuration: Sendable {
    /// `address:port,…`; nil takes /etc/resolv.conf.
    public var servers: String?
    public var hostsPath = "/etc/hosts"
    public var tryTimeoutMs: Int32 = 1500
    public var tries: Int32 = 3
    /// Whether a server's refusal is an answer, rather than a reason to ask the next server.
    var takesRefusals = false
    var asksOverTCP = false
    public init() {}
  }

  /// Once one family has answered, the other is given this long (RFC 8305, section 3).
  private static let secondFamilyNs: UInt64 = 50_000_000
  private static let addressesPerFamilyMax = 4

  private let loop: EventLoop
  private let configuration: Configuration
  private var channel: ares_channel?
  private var mark: UInt64 = 0
  private var hosts: HostsFile
  private(set) var deadlineNs = UInt64.max
  private var watched: Set<Int32> = []
  private var pending = 0
  private var resolvModified = (Int.min, Int.min)
  private var resolvCheckedNs: UInt64 = 0
  /// The servers are others, and what was asked of the old ones is still under way.
  private var isOutdated = false
  private(set) lazy var watch = ResolverWatch(self, loop: loop, configuration: configuration)

  init(loop: EventLoop, configuration: Configuration) throws(LoopError) {
    self.loop = loop
    self.configuration = configuration
    hosts = HostsFile(path: configuration.hostsPath)
    mark = loop.register(self)
    try openChannel()
  }

  deinit { if let channel { ares_destroy(channel) } }

  /// Calls `done` once, on the loop, possibly before returning; the lookup may be dropped with `cancel`.
  func resolve(
    _ host: String, _ family: Family, _ done: @escaping (Result<[IPAddress], Failure>) -> Void
  ) -> Lookup? {
    var name = host
    if name.hasSuffix(".") { name.removeLast() }
    let local = localAddresses(of: name).filter { family == .any || $0.isV4 == (family == .v4) }
    if !local.isEmpty {
      done(.success(local))
      return nil
    }
    reopenIfConfigurationChanged()
    guard let channel else {
      done(.failure(.failed("The resolver could not be set up.")))
      return nil
    }
    let lookup = Lookup(self, host, done)
    var hints = ares_addrinfo_hints()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = ARES_AI_NOSORT
    if family != .v6 { lookup.ask(channel, AF_INET, &hints) }
    if family != .v4 { lookup.ask(channel, AF_INET6, &hints) }
    lookup.isAsked = true
    lookup.finishIfComplete()
    return lookup.isDone ? nil : lookup
  }

  /// Asks the servers for the root of the DNS. `isOwn`: the one who answered says so as the zone's own server.
  func askForRoot(_ arrived: @escaping (_ status: Int32, _ isOwn: Bool) -> Void) {
    reopenIfConfigurationChanged()
    guard let channel else { return arrived(ARES_ESERVFAIL, false) }
    pending += 1
    let context = Unmanaged.passRetained(RootQuestion(self, arrived)).toOpaque()
    ares_query(channel, ".", internetClass, nameServerType, rootArrived, context)
  }

  /// What c-ares holds while a question for the root is under way.
  fileprivate final class RootQuestion {
    private let resolver: Resolver
    private let told: (Int32, Bool) -> Void

    init(_ resolver: Resolver, _ told: @escaping (Int32, Bool) -> Void) {
      self.resolver = resolver
      self.told = told
    }

    func arrived(_ status: Int32, isOwn: Bool) {
      resolver.pending -= 1
      told(status, isOwn)
    }
  }

  func descriptorReady(_ fd: Int32, events: UInt32) {
    guard let channel else { return }
    let canRead = events & (EPOLLIN.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    let canWrite = events & EPOLLOUT.rawValue != 0
    ares_process_fd(channel, canRead ? fd : ARES_SOCKET_BAD, canWrite ? fd : ARES_SOCKET_BAD)
  }

  func turnEnds() {
    if isOutdated { reopen() }
    guard pending > 0, let channel else { return deadlineNs = .max }
    if deadlineNs <= loop.nowNs { ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD) }
    let waitNs = cares_wait_ns(channel)
    deadlineNs = waitNs < 0 ? .max : loop.nowNs + UInt64(waitNs)
  }

  private func localAddresses(of name: String) -> [IPAddress] {
    let known = hosts.addresses(of: name, nowNs: loop.nowNs)
    if !known.isEmpty { return known }
    // RFC 6761: localhost is never asked of a server.
    guard name == "localhost" || name.hasSuffix(".localhost") else { return [] }
    return [IPAddress(v4: 0x7f00_0001), IPAddress(high: 0, low: 1)]
  }

  private func openChannel() throws(LoopError) {
    var opened: ares_channel?
    let context = Unmanaged.passUnretained(self).toOpaque()
    let code = cares_open(
      &opened, socketChanged, context, configuration.tryTimeoutMs, configuration.tries, configuration.servers,
      configuration.takesRefusals ? 1 : 0, configuration.asksOverTCP ? 1 : 0)
    guard code == ARES_SUCCESS, let opened else { throw LoopError(call: "ares_init_options", code: EINVAL) }
    channel = opened
  }

  /// A container's or a laptop's servers change while we run.
  private func reopenIfConfigurationChanged() {
    guard configuration.servers == nil, loop.nowNs &- resolvCheckedNs > 5_000_000_000 else { return }
    resolvCheckedNs = loop.nowNs
    var facts = stat()
    guard stat("/etc/resolv.conf", &facts) == 0 else { return }
    let stamp = (facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec)
    defer { resolvModified = stamp }
    guard resolvModified != (Int.min, Int.min), stamp != resolvModified, channel != nil else { return }
    // Never from within one of the channel's own callbacks: those may be what asks.
    if pending == 0 { reopen() } else { isOutdated = true }
  }

  private func reopen() {
    isOutdated = false
    if let old = channel {
      channel = nil
      ares_destroy(old)
    }
    // The next lookup says so where this fails, and tries again after five seconds.
    do throws(LoopError) { try openChannel() } catch { resolvModified = (0, 0) }
    watch.forget()
  }

  fileprivate func socketStateChanged(_ fd: Int32, reads: Bool, writes: Bool) {
    guard reads || writes else {
      if watched.remove(fd) != nil { loop.unwatch(fd) }
      return
    }
    var mask: UInt32 = 0
    if reads { mask |= EPOLLIN.rawValue }
    if writes { mask |= EPOLLOUT.rawValue }
    loop.watch(fd, mask, mark: mark, isNew: watched.insert(fd).inserted)
  }

  /// One question on its way: an answer per family.
  final class Lookup: TimerTarget {
    private let resolver: Resolver
    private let host: String
    private var done: ((Result<[IPAddress], Failure>) -> Void)?
    private var v4: [IPAddress] = []
    private var v6: [IPAddress] = []
    private var failure: Failure?
    private var awaited = 0
    private var timer = TimerID.none
    fileprivate var isAsked = false

    fileprivate init(
      _ resolver: Resolver, _ host: String, _ done: @escaping (Result<[IPAddress], Failure>) -> Void
    ) {
      self.resolver = resolver
      self.host = host
      self.done = done
    }

    fileprivate var isDone: Bool { done == nil }

    /// The answer will not be told; what is under way in c-ares ends by itself.
    func cancel() {
      done = nil
      resolver.loop.cancelTimer(&timer)
    }

    fileprivate func ask(_ channel: ares_channel, _ family: Int32, _ hints: inout ares_addrinfo_hints) {
      hints.ai_family = family
      awaited += 1
      resolver.pending += 1
      ares_getaddrinfo(channel, host, nil, &hints, addressesArrived, Unmanaged.passRetained(self).toOpaque())
    }

    fileprivate func arrived(_ status: Int32, _ answer: UnsafeMutablePointer<ares_addrinfo>?) {
      awaited -= 1
      resolver.pending -= 1
      if let answer {
        var node = answer.pointee.nodes
        while let current = node {
          add(current.pointee)
          node = current.pointee.ai_next
        }
        ares_freeaddrinfo(answer)
      } else {
        note(status)
      }
      if isAsked { finishIfComplete() }
    }

    private func add(_ node: ares_addrinfo_node) {
      guard let address = node.ai_addr else { return }
      if node.ai_family == AF_INET, v4.count < addressesPerFamilyMax {
        address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          v4.append(IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr)))
        }
      } else if node.ai_family == AF_INET6, v6.count < addressesPerFamilyMax {
        address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          withUnsafeBytes(of: &$0.pointee.sin6_addr) { v6.append(IPAddress(v6: $0)) }
        }
      }
    }

    private func note(_ status: Int32) {
      let code = status
      switch code {
      case ARES_ENOTFOUND, ARES_ENONAME:
        failure = failure ?? .notFound("The name \(host) does not exist in the DNS.")
      case ARES_ENODATA:
        failure = failure ?? .notFound("The name \(host) has no address.")
      case ARES_ETIMEOUT:
        failure = .failed("The DNS servers did not answer in time for \(host).")
      case ARES_ECONNREFUSED, ARES_ESERVFAIL, ARES_EREFUSED:
        failure = .failed("The DNS servers could not answer for \(host) (failure, refusal or not reachable).")
      default:
        failure = .failed("The DNS lookup of \(host) failed: \(String(cString: ares_strerror(status))).")
      }
    }

    fileprivate func finishIfComplete() {
      if awaited == 0 { return finish() }
      // IPv4 is tried first, so nobody waits for IPv6 beyond the grace once IPv4 is there, and the other way round.
      if !v4.isEmpty || !v6.isEmpty, timer == .none {
        timer = resolver.loop.setTimer(resolver.loop.nowNs + secondFamilyNs, self)
      }
    }

    func timerFired(tag: Int) {
      timer = .none
      finish()
    }

    private func finish() {
      resolver.loop.cancelTimer(&timer)
      guard let done else { return }
      self.done = nil
      let found = v4 + v6
      if !found.isEmpty { resolver.watch.found() }
      done(found.isEmpty ? .failure(failure ?? .notFound("The name \(host) has no address.")) : .success(found))
    }
  }
}

private func socketChanged(_ context: UnsafeMutableRawPointer?, _ fd: Int32, _ reads: Int32, _ writes: Int32) {
  guard let context else { return }
  Unmanaged<Resolver>.fromOpaque(context).takeUnretainedValue()
    .socketStateChanged(fd, reads: reads != 0, writes: writes != 0)
}

private func addressesArrived(
  _ context: UnsafeMutableRawPointer?, _ status: Int32, _ timeouts: Int32,
  _ answer: UnsafeMutablePointer<ares_addrinfo>?
) {
  guard let context else { return }
  Unmanaged<Resolver.Lookup>.fromOpaque(context).takeRetainedValue().arrived(status, answer)
}

// RFC 1035, sections 3.2.2 and 3.2.4.
private let internetClass: Int32 = 1
private let nameServerType: Int32 = 2

private func rootArrived(
  _ context: UnsafeMutableRawPointer?, _ status: Int32, _ timeouts: Int32, _ answer: UnsafeMutablePointer<UInt8>?,
  _ size: Int32
) {
  guard let context else { return }
  // RFC 1035, section 4.1.1: the bit AA of the header.
  let isOwn = answer.map { size > 2 && $0[2] & 0x04 != 0 } ?? false
  Unmanaged<Resolver.RootQuestion>.fromOpaque(context).takeRetainedValue().arrived(status, isOwn: isOwn)
}
