// The stages of one step of the slow equations, cells in blocks that vectors hold.
// `System` has sizes and equations, `Method` the coefficients; both are generated.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

constexpr int BLOCK = 16;
// No two names of a loop share memory, which the compiler cannot see.
#define EACH_CELL _Pragma("GCC ivdep") for (int c = 0; c < BLOCK; ++c)

static inline double raised(double x, double low) { return x < low ? low : x; }
static inline double bounded(double x, double low, double high) { return raised(x, low) > high ? high : raised(x, low); }
static inline double positive(double x) { return x > 0 ? 1.0 : 0.0; }

template <int n> static inline double power(double x) {
    if constexpr (n == 1) return x;
    else if constexpr (n % 2) return x * power<n - 1>(x);
    else return power<n / 2>(x * x);
}

// The last block is filled up with its last cell, so that every cell is counted by the same instructions.
static void load(double (*block)[BLOCK], const double* rows, int count, int64_t cells, int64_t from) {
    for (int row = 0; row < count; ++row)
        EACH_CELL block[row][c] = rows[row * cells + std::min<int64_t>(from + c, cells - 1)];
}

template <class System, class Method>
static void block_stages(double length, double later, const double (*y)[BLOCK], const double (*outside)[System::names][BLOCK],
                         const double* k, double (*found)[System::states][BLOCK]) {
    constexpr int S = System::states;
    double slope[S][BLOCK], drift[S][BLOCK], matrix[System::places][BLOCK], at[S][BLOCK];
    System::slopes(y, outside[0], k, slope);
    System::slopes(y, outside[1], k, drift);
    for (int s = 0; s < S; ++s) EACH_CELL drift[s][c] = (drift[s][c] - slope[s][c]) * (length / later);
    System::jacobian(y, outside[0], k, matrix);
    System::factor(1 / (Method::gamma * length), matrix);
    for (int stage = 0; stage < Method::stages; ++stage) {
        double(*right)[BLOCK] = found[stage];
        if (stage) {
            for (int s = 0; s < S; ++s) {
                EACH_CELL at[s][c] = y[s][c];
                for (int j = 0; j < stage; ++j) EACH_CELL at[s][c] += Method::points[stage][j] * found[j][s][c];
            }
            System::slopes(at, outside[Method::places[stage]], k, slope);
        }
        for (int s = 0; s < S; ++s) {
            EACH_CELL right[s][c] = slope[s][c] + Method::drift[stage] * drift[s][c];
            for (int j = 0; j < stage; ++j) EACH_CELL right[s][c] += Method::couplings[stage][j] / length * found[j][s][c];
        }
        System::solve(matrix, right);
    }
}

// y: (states, cells), outside: (times, names, cells), k: numbers of the equations; found: (stages, states, cells)
template <class System, class Method>
static void all_stages(int64_t cells, double length, double later, const double* y, const double* outside,
                       const double* k, double* found) {
    constexpr int S = System::states, N = System::names;
    double own[S][BLOCK], given[Method::times][N][BLOCK], part[Method::stages][S][BLOCK];
    for (int64_t from = 0; from < cells; from += BLOCK) {
        load(own, y, S, cells, from);
        for (int time = 0; time < Method::times; ++time) load(given[time], outside + time * N * cells, N, cells, from);
        block_stages<System, Method>(length, later, own, given, k, part);
        const int count = (int)std::min<int64_t>(BLOCK, cells - from);
        for (int row = 0; row < Method::stages * S; ++row)
            std::copy_n(part[row / S][row % S], count, found + row * cells + from);
    }
}
