enum PublicPages {
  static let routes: [PageRoute] = []
}
