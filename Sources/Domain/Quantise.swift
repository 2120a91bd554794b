/// Times are rounded once, at ingest, so that log, chunk and sketch agree: whole microseconds below 1 ms, then steps of
/// 10 µs (three significant digits or 10 µs, whichever is finer).
public enum Quantise {
  /// `us` on its grid, half up; below zero is 0.
  public static func us(_ us: Int32) -> Int32 {
    guard us >= 1000 else { return max(us, 0) }
    return us > Int32.max - 10 ? Int32.max / 10 * 10 : (us + 5) / 10 * 10
  }

  /// The number of a grid point: neighbours differ by one, which is what packs well.
  static func index(_ us: Int64) -> Int64 { us < 1000 ? us : 900 + us / 10 }
  static func value(_ index: Int64) -> Int64 { index < 1000 ? index : (index - 900) * 10 }
}

extension Timing {
  /// Each phase on the grid.
  public var quantised: Timing {
    var out = self
    out.dnsUs = dnsUs.map(Quantise.us)
    out.connectUs = connectUs.map(Quantise.us)
    out.tlsUs = tlsUs.map(Quantise.us)
    out.firstByteUs = firstByteUs.map(Quantise.us)
    out.transferUs = transferUs.map(Quantise.us)
    out.totalUs = Quantise.us(totalUs)
    return out
  }
}
