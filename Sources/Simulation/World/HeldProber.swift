import Probe
import Synchronization

/// Takes the place of the probe's thread: keeps what the engine hands it until the loop takes it. What its runs saw the
/// loop hands to the engine itself, and waits until it is taken.
final class HeldProber: Prober {
  private struct State {
    var runs: [ProbeRun] = []
    var cancelled: [UInt64] = []
  }

  private let state = Mutex(State())
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
