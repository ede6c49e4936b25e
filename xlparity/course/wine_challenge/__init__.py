"""The wine challenge: students fill in softmax regression and a two-layer net, one step of each."""
