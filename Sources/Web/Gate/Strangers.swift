import Domain
import Synchronization

/// What people who are not signed in may ask of public pages: so much of each page, and only so many that are none.
///
/// Copies that the server's loop answers from memory are not counted: they cost less than the counting.
final class Strangers: Sendable {
  private struct State {
    /// Fifty requests a second for each address and page.
    var asked = AttemptLimiter(.init(burst: 50, refillMs: 20))
    /// Pages that are not there, for each address: who follows old links finds that out, who tries names does not get far.
    var missed = AttemptLimiter(.init(burst: 30, refillMs: 1000))
    /// Pages found lately. Who asks for one of them owes no miss in advance, however many do at once from one address.
    var known: Set<String> = []
    /// Pages that somebody has paid for and is looking for, with those who wait to hear whether there is one.
    var looking: [String: [CheckedContinuation<Void, Never>]] = [:]
  }

  private let state = Mutex(State())
  private let world: World

  init(world: World) { self.world = world }

  /// Answers what `find` finds of a public page, or else `own` of a hidden one for those who may see it; throws 404 when
  /// there is neither, 429 when the address has asked too much, which is found out without looking. A miss is paid
  /// in advance and given back, so that many at once get no further than many in a row.
  ///
  /// With `isCounted`, the request also counts among those for the page. Many who ask for one page at once, as after a
  /// restart, wait for the first of them: once it is found, they owe nothing.
  func look<T>(
    for page: String, from address: String, isCounted: Bool = true, _ find: () async throws -> T?,
    own: () async throws -> T? = { nil }
  ) async throws -> T {
    let paid = try await pay(address, page, isCounted: isCounted)
    do {
      if let found = try await find() {
        settle(address, page, paid, .found)
        return found
      }
      if let found = try await own() {
        settle(address, page, paid, .hidden)
        return found
      }
    } catch {
      let isMiss = (error as? Problem)?.status == 404
      settle(address, page, paid, isMiss ? .nothing : .unclear)
      throw error
    }
    settle(address, page, paid, .nothing)
    throw Problem.notFound
  }

  private enum Outcome { case found, hidden, nothing, unclear }

  private enum Paid {
    case nothing
    /// `leads`: others wait to hear what came of it.
    case miss(leads: Bool)
  }

  private enum Entry {
    case enter(Paid)
    case wait
    case refuse(afterS: Int)
  }

  private func pay(_ address: String, _ page: String, isCounted: Bool) async throws(Problem) -> Paid {
    var mayWait = true
    while true {
      switch state.withLock({ enter(address, page, isCounted: isCounted, mayWait: mayWait, &$0) }) {
      case .enter(let paid): return paid
      case .refuse(let seconds): throw .tooMany(retryAfterS: seconds, "Too many requests; wait and try again.")
      case .wait:
        await withCheckedContinuation { continuation in
          let isOver = state.withLock { state in
            state.looking[page]?.append(continuation)
            return state.looking[page] == nil
          }
          if isOver { continuation.resume() }
        }
        mayWait = false
      }
    }
  }

  private func enter(
    _ address: String, _ page: String, isCounted: Bool, mayWait: Bool, _ state: inout State
  ) -> Entry {
    let now = world.now()
    let isKnown = state.known.contains(page)
    let leads = state.looking[page] == nil
    if !isKnown, !leads, mayWait { return .wait }
    if !isKnown, let wait = state.missed.take(address, now: now) { return .refuse(afterS: wait) }
    if isCounted, let wait = state.asked.take("\(address) \(page)", now: now) {
      if !isKnown { state.missed.giveBack(address, now: now) }
      return .refuse(afterS: wait)
    }
    guard !isKnown else { return .enter(.nothing) }
    if leads { state.looking[page] = [] }
    return .enter(.miss(leads: leads))
  }

  /// Hidden pages do not become known: to everybody else they are like none.
  private func settle(_ address: String, _ page: String, _ paid: Paid, _ outcome: Outcome) {
    let now = world.now()
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      if outcome == .nothing { state.known.remove(page) }
      if outcome == .found, state.known.insert(page).inserted, state.known.count > Limits.publicPagesCachedMax {
        state.known.removeFirst()
      }
      guard case .miss(let leads) = paid else { return [] }
      if outcome != .nothing { state.missed.giveBack(address, now: now) }
      return leads ? state.looking.removeValue(forKey: page) ?? [] : []
    }
    for one in waiting { one.resume() }
  }
}
