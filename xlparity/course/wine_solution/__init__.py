"""The wine challenge solved: softmax regression and a two-layer net, one step of each."""
