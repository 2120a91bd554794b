import Probe
import Synchronization

/// Takes the place of the probe's thread: keeps what the engine hands it until the loop takes it.
final class HeldProber: Prober {
  private struct State {
    var runs: [ProbeRun] = []
    var cancelled: [UInt64] = []
  }

  private let state = Mutex(State())
  let sink: @Sendable ([ProbeReport]) -> Void

  init(sink: @escaping @Sendable ([ProbeReport]) -> Void) { self.sink = sink }

  func submit(_ runs: [ProbeRun]) { state.withLock { $0.runs += runs } }
  func cancel(_ tokens: [UInt64]) { state.withLock { $0.cancelled += tokens } }
  func stop() {}
  var statistics: ProbeEngine.Statistics { ProbeEngine.Statistics() }

  func take() -> (runs: [ProbeRun], cancelled: [UInt64]) {
    state.withLock { state in
      defer { state = State() }
      return (state.runs, state.cancelled)
    }
  }
}
