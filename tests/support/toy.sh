#!/bin/bash
# A toy network of slices for scripts that train: the first lines of a config, up to its labels, for heads that `fixture head` makes.

# toy_network NAME OUTPUT CHANNELS [FEATURES]: FEATURES of a hidden layer; none without.
toy_network() {
    local input=x
    printf '%s\n' "name: $1" "output: $2" 'model:' '  architecture: graph' '  spacing_mm: 4' '  patch: [32, 32]' "  slices: {channels: $3}" \
        '  config:' '    dims: 2' '    nodes:' "      - {op: input, name: x, channels: $3}"
    if [ -n "${4:-}" ]; then
        input=r
        printf '%s\n' "      - {op: conv, name: a, input: x, out: $4, kernel: 3, padding: same, bias: true}" \
            '      - {op: activation, name: r, input: a, kind: relu}'
    fi
    printf '%s\n' "      - {op: conv, name: b, input: $input, out: 3, kernel: 3, padding: same, bias: true}" \
        '      - {op: softmax, name: s, input: b}' '    outputs: [s]' 'labels:' '  - {name: background, from: [0, 2, 10, 24, 41, 49]}' \
        '  - {name: left_shell, from: [515]}' '  - {name: right_shell, from: [507]}' 'augmentation: {preset: plain, noise_sd: 0}'
}
