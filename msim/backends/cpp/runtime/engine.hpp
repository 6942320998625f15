// What a rank holds: its cells, the synapses onto them, and the spikes that are on their way.
#pragma once
#include <csignal>
#include <string>
#include <vector>
#include "base.hpp"

struct Engine;

// A quantity given over time; `refine` as in Brian2, so that both read the same value at the same step.
struct Timed {
    double step = 1;
    int64_t refine = 1, times = 0, cells = 0;
    real none = 0;  // set to no number at run time: the compiler takes it that there is none
    std::vector<real> values;
    int64_t row(double t) const {
        const double fine = step / (double)refine;
        const int64_t k = (int64_t)((t / fine + 0.5) / (double)refine);
        return k < 0 ? 0 : k >= times ? times - 1 : k;
    }
    real at(double t) const { return values[row(t)]; }
    // A cell without a column reads no number, as in Brian2.
    real at(double t, int64_t i) const { return i >= 0 && i < cells ? values[row(t) * cells + i] : none; }
};

// Poisson events per cell and step: as many as there are thresholds below a uniform 32-bit number.
struct Drive {
    uint32_t key = 0;
    int count = 0;
    int usual = 0;  // thresholds that are passed more often than once in a million draws
    bool per_cell = false;
    Buffer<uint32_t> thresholds;
    Buffer<uint32_t> words;  // of four steps
    int64_t block = -1;
    real* events = nullptr;  // the array that the drive's statements read
};

// A place in the equations that draws a uniform or normal number for every cell.
struct Site {
    uint32_t number = 0;
    bool normal = false;
    Buffer<real> values;  // of two steps
    int64_t block = -1;
};

// What is summed, averaged or kept of one watched expression.
struct Watch {
    Buffer<real> value;
    Buffer<double> sum[2];
    std::vector<int64_t> means;  // pairs: low and high half of a 128-bit sum, in units of 2^-100
    std::vector<real> trace;
    int keep = 0;                // 1: sums, 2: means, 4: trace
};

struct Population {
    uint32_t key = 0, base = 0;
    int64_t n_global = 0;
    int n = 0, n_pad = 0;
    Buffer<uint32_t> gid;  // within the population
    std::vector<Buffer<real>> arrays;
    std::vector<double> scalars;
    std::vector<double> fixed;  // room for numbers that the generated code computes once a run
    Buffer<lane> refractory, refractory_steps, fired;
    Buffer<uint8_t> fired_blocks;
    std::vector<Drive> drives;
    std::vector<Site> sites;
    std::vector<Watch> watches;
    std::vector<uint32_t> traced;  // local cells whose traces are kept
    std::vector<uint32_t> now;     // local cells that fired at this step
    bool keep_spikes = true;
    std::vector<int64_t> spike_steps;
    std::vector<uint32_t> spike_cells;
    double highest_count = INFINITY;  // spikes in a window of the check
    int64_t window_count = 0;
    Draw draw(uint32_t seed, int local, int64_t step, uint32_t site) const {
        return {gid[local], (uint32_t)step, (uint32_t)(step >> 32), site, seed, key};
    }
};

struct Projection {
    uint32_t key = 0;
    int origin = 0, target = 0, shortest = 1, longest = 0;
    int64_t n = 0, n_pad = 0;
    bool uint16_targets = true, float32_weights = true;   // targets in 2 bytes; values in 4
    std::vector<uint32_t> row;          // by source: where its synapses begin
    bool short_rows = true;
    std::vector<uint16_t> by_delay;     // by source and delay: offset in the row
    std::vector<uint32_t> by_delay_long;
    Buffer<uint16_t> targets;
    Buffer<uint32_t> wide_targets;
    std::vector<Buffer<float>> float32_values;
    std::vector<Buffer<double>> values;
    std::vector<Buffer<real>> states;
    Buffer<double> last_update;
    std::vector<uint8_t> contact;       // number of the contact among those of its pair
    std::vector<double> scalars, fixed;
    uint32_t begin(uint32_t source, int delay) const {
        const int delays = longest - shortest + 1;
        const size_t k = (size_t)source * (delays + 1) + (delay - shortest);
        return row[source] + (delays == 1 ? (delay > longest ? row[source + 1] - row[source] : 0)
                              : short_rows ? by_delay[k] : by_delay_long[k]);
    }
    uint32_t target_of(int64_t k) const { return uint16_targets ? targets[k] : wide_targets[k]; }
};

typedef int (*Allgather)(const void*, int, uintptr_t, void*, int, uintptr_t, uintptr_t);

struct Exchange {
    int rank = 0, size = 1, interval = 1;
    Allgather gather = nullptr;
    uintptr_t communicator = 0, int32 = 0;
    std::vector<int32_t> out, in;
    int capacity = 64;
    int64_t done = 0;  // steps whose spikes are known to all ranks
};

enum Status { RAN = 0, STOPPED = 1, NOT_FINITE = 2, RUNAWAY = 3, TOLD = 4 };

struct Failure {
    int32_t status = RAN, population = -1, variable = -1, rank = -1;
    int64_t cell = -1, step = -1;
};

struct Engine {
    // Of a seed of 64 bits the upper ones tell keys apart, so that no two seeds share a stream.
    uint32_t seed = 0, high = 0;
    double dt = 1e-4;
    volatile int64_t step = 0;
    volatile int told = 0;  // a stop asked for by the process, with its own code
    std::vector<Population> populations;
    std::vector<Projection> projections;
    std::vector<Timed> timed;
    Exchange exchange;
    int ring_size = 2;
    // spikes[population][step modulo ring_size]: sorted cells, of all ranks as far as they are known
    std::vector<std::vector<std::vector<uint32_t>>> ring;
    int64_t sample_every = 10, sample_from = 0, sample_half = 0, samples = 0;
    bool sampling = false;
    int64_t check_every = 1000;
    std::vector<std::vector<int>> checked;  // arrays that have to stay finite, by population
    Failure failure;
};

struct SiteCode { uint32_t number; bool normal; };

struct PopulationCode {
    uint32_t key;
    int arrays, scalars, fixed, sites, drives, watches;
    const int* events;         // array of each drive
    const uint32_t* drive_keys;
    const SiteCode* site_list;
    void (*prepare)(Engine&, Population&);
    void (*update)(Engine&, Population&, int64_t);
    void (*reset)(Engine&, Population&, int64_t);
    void (*watch)(Engine&, Population&, int64_t);
};

typedef void (*Deliver)(Engine&, Projection&, uint32_t source, uint32_t from, uint32_t to, int64_t step);

struct ProjectionCode {
    uint32_t key;
    int origin, target, values, states, scalars, fixed;
    bool keeps_time, draws;
    Deliver deliver[2][2];     // by width of targets and of values
    void (*prepare)(Engine&, Projection&);
    void (*update)(Engine&, Projection&, int64_t);
    void (*sum)(Engine&, Projection&, int64_t);
};

struct Model {
    int populations, projections, timed;
    const PopulationCode* population;
    const ProjectionCode* projection;
};
extern const Model model;

// In the translation unit that is vectorised.
void count_events(const Engine&, const Population&, Drive&, int64_t step);
void find_fired(const lane* fired, int n, uint8_t* blocks);
void draw_site(const Engine&, const Population&, Site&, int64_t step);

template <class T> inline const T* targets_of(const Projection& S);
template <> inline const uint16_t* targets_of<uint16_t>(const Projection& S) { return S.targets.data; }
template <> inline const uint32_t* targets_of<uint32_t>(const Projection& S) { return S.wide_targets.data; }
template <class T> inline const std::vector<Buffer<T>>& values_of(const Projection& S);
template <> inline const std::vector<Buffer<float>>& values_of<float>(const Projection& S) { return S.float32_values; }
template <> inline const std::vector<Buffer<double>>& values_of<double>(const Projection& S) { return S.values; }
