/// Every bound of the product in one place. A bound that people may move is a setting with this as its default.
public enum Limits {
  public static let intervalS = 5...86_400
  public static let timeoutMs = 100...60_000
  public static let attempts = 1...10
  public static let recoveryChecks = 1...20
  public static let maxRedirects = 0...20
  public static let nameCharactersMax = 120
  public static let urlBytesMax = 2048
  public static let requestHeadersMax = 50
  public static let requestHeaderBytesMax = 8192
  public static let requestBodyBytesMax = 64 * 1024
  public static let tagsMax = 20
  public static let tagCharactersMax = 40
  public static let assertionsMax = 30
  public static let assertionValueBytesMax = 4096
  /// Bytes of a response body that a probe produces before it stops, after decompression.
  public static let probeBodyBytesMax = 1 << 20
  public static let probeHeadBytesMax = 64 * 1024
  public static let evidenceBytesMax = 16 * 1024
  public static let assertionMs = 50
  public static let apiBodyBytesMax = 1 << 20
  public static let formBytesMax = 256 * 1024
  public static let rowsPerPageMax = 100
  public static let monitorsPerOrganizationMax = 200_000
  public static let liveBacklogMs = Instant.dayMs
  public static let jobsAheadMs: Int64 = 5000
  public static let leaseGraceMs: Int64 = 15_000
  public static let slotCloseGraceMs: Int64 = 5000
  public static let leasesPerJobMax = 3
}
