import Domain

/// What a worker counts, for Prometheus: its text format (version 0.0.4), or OpenMetrics for whoever asks for it.
public struct WorkerMetrics {
  public let type: String
  public let text: String

  private struct Family {
    var name: String
    var help: String
    var value: Int
    var isCounter = false
  }

  public init(_ sight: Worker.Sight, isOpenMetrics: Bool) {
    var out = ""
    for one in Self.families(sight) {
      // OpenMetrics names the family, and its sample with what it is at the end.
      let family = one.isCounter && !isOpenMetrics ? one.name + "_total" : one.name
      let sample = one.isCounter ? one.name + "_total" : one.name
      out += "# HELP \(family) \(one.help)\n# TYPE \(family) \(one.isCounter ? "counter" : "gauge")\n"
      out += "\(sample) \(one.value)\n"
    }
    text = isOpenMetrics ? out + "# EOF\n" : out
    type =
      isOpenMetrics
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8"
  }

  private static func families(_ sight: Worker.Sight) -> [Family] {
    let seen = sight.report
    func gauge(_ name: String, _ help: String, _ value: Int) -> Family {
      Family(name: "martlet_worker_" + name, help: help, value: value)
    }
    func counter(_ name: String, _ help: String, _ value: Int) -> Family {
      Family(name: "martlet_worker_" + name, help: help, value: max(value, 0), isCounter: true)
    }
    return [
      gauge("control_plane_up", "Whether the control plane answers.", sight.isAway ? 0 : 1),
      gauge("in_flight", "Jobs in hand.", seen.inFlight),
      gauge("lateness_p99_ms", "Lateness of starts, 99th percentile.", seen.latenessP99Ms),
      gauge("loop_lag_p99_us", "Lag of the loop of the probe, 99th percentile.", seen.loopLagP99Us),
      gauge("spool_bytes", "Bytes of results on disk.", seen.spoolBytes),
      gauge("spooled_results", "Results that wait on disk.", seen.spooled),
      gauge("refused_assignments", "Monitors that ask for what this version cannot do.", seen.refused),
      gauge("clock_skew_ms", "The wall clock here less that of the control plane.", seen.skewMs),
      counter("attempts", "Attempts begun.", seen.started),
      counter("attempts_late", "Attempts begun more than 10 ms late.", seen.startedLate),
      counter("dropped_results", "Results dropped because the spool or its disk was full.", seen.dropped),
      counter("forgotten_results", "Dropped results of which not even the slot could be kept.", seen.forgotten),
      counter("torn_records", "Records cut from the spool because they were not whole.", seen.torn),
      counter("rejected_results", "Results that the control plane refused for good.", seen.rejected),
      counter("refused_jobs", "Jobs handed back because this version cannot do them.", seen.refusedJobs),
    ]
  }
}
