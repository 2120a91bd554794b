/// Every bound of the product in one place. A bound that people may move is a setting with this as its default.
public enum Limits {
  public static let intervalS = 5...86_400
  public static let timeoutMs = 100...60_000
  public static let attempts = 1...10
  public static let recoveryChecks = 1...20
  /// Confirmed changes that are flapping when they fall into one window: the third time that it goes down.
  public static let flappingChanges = 5
  public static let flappingWindowMs = 30 * Instant.minuteMs...6 * Instant.hourMs
  /// Monitors that one monitor depends on.
  public static let dependenciesMax = 10
  /// What a monitor's message waits for the conclusion of one that it depends on, or for its own recovery after that one's.
  public static let messageHeldMsMax = 5 * Instant.minuteMs
  /// What a second opinion takes to reach its region and to begin there.
  public static let secondOpinionMs: Int64 = 1000
  public static let maxRedirects = 0...20
  public static let certificateWarningDays = 0...3650
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
  /// Events that a reconnecting client is sent; one that missed more gets a `reset`.
  public static let liveReplayEventsMax = 500
  public static let liveReplayBytesMax = 128 * 1024
  /// Feeds whose newest events are held in memory.
  public static let liveFeedsMax = 4096
  public static let liveTicketMs: Int64 = 30_000
  public static let liveTicketsMax = 10_000
  /// Messages that a client may send over a live socket in a second.
  public static let liveMessagesPerSecondMax = 10
  /// Live samples of one monitor are at least so far apart.
  public static let liveSampleMs: Int64 = 1000
  public static let servicesPerOrganizationMax = 500
  public static let monitorsPerServiceMax = 500
  public static let servicesPerIncidentMax = 100
  /// The largest form has two fields for each service of an organization.
  public static let formFieldsMax = 2 * servicesPerOrganizationMax + 100
  public static let incidentTitleCharactersMax = 200
  public static let proseCharactersMax = 5000
  public static let postmortemCharactersMax = 50_000
  public static let publicPagesCachedMax = 2000
  public static let publicPagesCachedBytesMax = 64 << 20
  public static let jobsAheadMs: Int64 = 5000
  /// Slots of a plan that was heard of late are still done when they are no older.
  public static let heardLateMs: Int64 = 5000
  public static let leaseGraceMs: Int64 = 15_000
  /// By how much an attempt may overrun its run's budget, which knows only of time-outs and pauses: timers are late by a
  /// little, and whether a failure is the network's here takes an answer. Without it the last attempt never fits after two
  /// that timed out.
  public static let budgetSlackMs: Int64 = 500
  public static let slotCloseGraceMs: Int64 = 5000
  /// How long after a slot closed its outcome may be missing before people are told. A turn takes a quarter of a second and
  /// a store that refuses is asked again every five: a minute is a dozen tries and a restart, and still so short that nobody
  /// goes long by a picture that stands still.
  public static let slotOverdueMs = Instant.minuteMs
  /// How often it is looked for.
  public static let slotsWatchedMs: Int64 = 5000
  public static let leasesPerJobMax = 3
  /// Jobs in the hands of the embedded worker; what is due beyond waits in the queue, and is missed when its time is over.
  public static let leasesHeldMax = 50_000
  /// What runs under way are given to finish when the process is asked to end.
  public static let drainMs: Int64 = 5000
  /// Results, and slots known to be missed, that wait in memory while the store refuses them.
  public static let waitingForStoreMax = 100_000
  /// A worker that was not heard of for so long is gone.
  public static let workerSilentMs: Int64 = 15_000
  /// After the control plane's start regions count as healthy for so long without a worker.
  public static let workersReturnMs: Int64 = 30_000
  /// A worker's loop that is later than this at the 99th percentile makes time-outs of its own, and below that stops to.
  public static let loopLagOverloadedUs = 500_000
  public static let loopLagHealthyUs = 250_000
  /// Workers of the installation's own regions, which its operator lets in.
  public static let workersPerInstallationMax = 1000
  /// Workers of one organization's private regions, and of all organizations' together: however many they make, the
  /// operator's own fleet keeps its room.
  public static let workersPerOrganizationMax = 100
  public static let workersPrivateMax = 2000
  /// Requests of workers that may wait for jobs at once: one of each, and as many again whose worker came back before the
  /// old one was seen to be gone.
  public static let workersWaitingMax = 2 * (workersPerInstallationMax + workersPrivateMax)
  /// Private locations; a monitor looks from at most as many.
  public static let regionsPerOrganizationMax = 50
  /// What one token for a region may be made for.
  public static let regionTokenUses = 1...100
  public static let regionTokenS = 60...30 * 86_400
  public static let jobsPerPollMax = 2000
  public static let jobsWaitMsMax: Int64 = 20_000
  /// About as much as one answer to a worker holds; the rest follows with the next.
  public static let jobsAnswerBytesMax = 4 << 20
  public static let resultsPerDeliveryMax = 1000
  /// A batch of results with evidence of every one.
  public static let deliveryBytesMax = 20 << 20
  /// Deleted monitors that workers are told of; one that missed more gets its plan anew.
  public static let goneRememberedMax = 10_000
  /// Monitors that a worker names after a crash.
  public static let suspectsMax = 500
  /// Crashes over the same monitor before workers are spared it.
  public static let crashesMax = 3
  /// Results older than this are not worth keeping on a worker's disk, nor taking in.
  public static let spoolAgeMs = 7 * Instant.dayMs
  /// Unknown time is recomputed when no late result came for so long, or when one waited for so long; tried again after a
  /// while where that is too early.
  public static let replayQuietMs: Int64 = 15_000
  public static let replayWaitMsMax = 5 * Instant.minuteMs
  public static let replayAgainMs = 10 * Instant.minuteMs
  /// Hours of a monitor's past that one turn of the engine, a quarter of a second, reads again.
  public static let replayHoursPerTurn = 8
  /// Hours of regions of which it is remembered what was asked for because of their doubts: a week's of a hundred.
  public static let doubtsRememberedMax = 20_000
  /// Assignments that one answer to a worker carries; the rest follows with the next.
  public static let assignmentsPerPollMax = 500
}
