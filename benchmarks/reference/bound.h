// What the two hand-written lower bounds share: clock, random numbers, aligned memory, wiring, Poisson counts.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include <omp.h>
#include <time.h>

#ifndef REAL
#define REAL float
#endif
typedef REAL real;

static double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Times update and delivery apart. Three readings a step are up to a sixth of the run: -DBARE leaves them out.
static double stopwatch_s() {
#ifdef BARE
    return 0;
#else
    timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return spent.tv_sec + 1e-9 * spent.tv_nsec;
#endif
}

// getrusage would also count the process that started this one.
static double peak_mb() {
    FILE* file = fopen("/proc/self/status", "r");
    char line[256];
    double kb = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lf", &kb) == 1) break;
    if (file) fclose(file);
    return kb / 1024;
}

// SplitMix64.
struct Random {
    uint64_t state;
    explicit Random(uint64_t seed) : state(seed * 0x9E3779B97F4A7C15ull + 1) {}
    uint64_t bits() {
        uint64_t z = (state += 0x9E3779B97F4A7C15ull);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    double uniform() { return (bits() >> 11) * 0x1p-53; }
};

// Zeros on a cache line, with room for one vector past the end.
template <class T> static T* zeros(size_t n) {
    size_t bytes = (n * sizeof(T) + 127) / 64 * 64;
    T* memory = (T*)aligned_alloc(64, bytes);
    memset((void*)memory, 0, bytes);
    return memory;
}

// Calls take(j) for every j below n that a coin of probability p picks; geometric gaps, so cost is per pick.
template <class Take> static void pick(Random& random, double p, long n, Take take) {
    const double scale = 1 / std::log1p(-p);
    for (long j = (long)(std::log(1 - random.uniform()) * scale); j < n;
         j += 1 + (long)(std::log(1 - random.uniform()) * scale))
        take(j);
}

// A wiring made elsewhere: places of rows by source, then targets in order, then delays in steps.
// File: cells and synapses (2 x 8 bytes), row (8 (cells + 1)), target (4 synapses), delay (synapses).
struct Wiring {
    std::vector<uint64_t> row;
    std::vector<uint32_t> target;
    std::vector<uint8_t> delay;

    explicit Wiring(const char* path, uint64_t cells) {
        FILE* file = fopen(path, "rb");
        uint64_t head[2] = {0, 0};
        bool whole = file && fread(head, 8, 2, file) == 2 && head[0] == cells;
        if (whole) {
            row.resize(cells + 1), target.resize(head[1]), delay.resize(head[1]);
            whole = fread(row.data(), 8, row.size(), file) == row.size()
                    && fread(target.data(), 4, head[1], file) == head[1]
                    && fread(delay.data(), 1, head[1], file) == head[1];
        }
        if (!whole) {
            fprintf(stderr, "%s: wants a wiring of %llu cells\n", path, (unsigned long long)cells);
            exit(2);
        }
        fclose(file);
    }

    // Calls take(j, delay) for every target of a source among n cells from low on, counted from there.
    template <class Take> void each(int source, int low, int n, Take take) const {
        for (uint64_t q = row[source]; q < row[source + 1]; q++)
            if ((int)target[q] >= low && (int)target[q] < low + n) take((long)target[q] - low, (int)delay[q]);
    }
};

// Poisson counts up to six by comparing 24 random bits with the cumulative distribution.
struct PoissonTable {
    int bound[6];
    explicit PoissonTable(double mean) {
        double p = std::exp(-mean), sum = 0;
        for (int k = 0; k < 6; k++) {
            sum += p;
            bound[k] = (int)(sum * 16777216);
            p *= mean / (k + 1);
        }
    }
};

static inline uint32_t xorshift(uint32_t y) {
    y ^= y << 13;
    y ^= y >> 17;
    return y ^ (y << 5);
}

static inline int poisson(uint32_t bits, int c0, int c1, int c2, int c3, int c4, int c5) {
    int u = (int)(bits >> 8);
    return -((u > c0 ? -1 : 0) + (u > c1 ? -1 : 0) + (u > c2 ? -1 : 0) + (u > c3 ? -1 : 0) + (u > c4 ? -1 : 0)
             + (u > c5 ? -1 : 0));
}

// The cells that spiked, in order, eight flags at a time: most groups of eight are empty.
template <class Take> static void each_spike(const uint8_t* spiked, int n, Take take) {
    for (int i = 0; i < n; i += 8) {
        uint64_t eight;
        memcpy(&eight, spiked + i, 8);
        if (eight)
            for (int b = i; b < i + 8 && b < n; b++)
                if (spiked[b]) take(b);
    }
}

struct Found {
    const char* network;
    int cells, threads;
    size_t synapses, synapse_bytes;
    double build_s, run_s, biological_s, rate_E, rate_I, update_s, deliver_s, events;
};

static void report(const Found& f) {
    printf("{\"tool\": \"bound\", \"network\": \"%s\", \"bits\": %zu, \"cells\": %d, \"threads\": %d, "
           "\"synapses\": %zu, "
           "\"build_s\": %.4f, \"run_s\": %.5f, \"biological_s\": %.4f, \"rate_E\": %.4f, \"rate_I\": %.4f, "
           "\"update_s\": %.5f, \"deliver_s\": %.5f, \"events\": %.0f, \"peak_mb\": %.1f, "
           "\"bytes_per_synapse\": %.2f}\n",
           f.network, 8 * sizeof(real), f.cells, f.threads, f.synapses, f.build_s, f.run_s, f.biological_s, f.rate_E,
           f.rate_I, f.update_s, f.deliver_s, f.events, peak_mb(),
           (double)f.synapse_bytes / f.synapses);
}
