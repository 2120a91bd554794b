enum SettingsPages {
  static let routes: [PageRoute] = []
}
