// Lower bound for network (a): current-based cells, exact propagators, one delay of 1.5 ms, step 0.1 ms.
//
//     FLAGS="-O3 -march=native -mprefer-vector-width=512 -ffast-math -fopenmp"
//     g++ $FLAGS [-DREAL=double] [-DBARE] bound_a.cpp -o bound_a
//     OMP_NUM_THREADS=1 ./bound_a [cells 10000] [probability 0.1] [milliseconds 1000] [file of a wiring]
//
// Every thread owns its cells and the synapses onto them: rows by source, a 16-bit target and one weight a synapse.
// Units are mV, pA, ms, pF. It prints one line of JSON.
#include "bound.h"

const double STEP = 0.1, TAU_M = 20, TAU_S = 2, CAPACITANCE = 250, DRIVE_HZ = 2100;
const real DRIVE_WEIGHT = 80, WEIGHT_E = 20, WEIGHT_I = -120, V_TH = 20, V_RESET = 10;
const int DELAY = 15, REFRACTORY = 20;

struct Propagators {
    real v_v, v_current, current;
    int c[6];
};

// A function of its own with restrict arguments: inside the OpenMP region g++ 12 does not vectorise the loop.
__attribute__((noinline)) static void update(int n, real* __restrict v, real* __restrict ge, real* __restrict gi,
                                             int* __restrict refractory, uint8_t* __restrict spiked,
                                             uint32_t* __restrict bits, const Propagators& given) {
    const Propagators P = given;
    const int c0 = P.c[0], c1 = P.c[1], c2 = P.c[2], c3 = P.c[3], c4 = P.c[4], c5 = P.c[5];
    for (int i = 0; i < n; i++) {
        int left = refractory[i];
        real next = P.v_v * v[i] + P.v_current * (ge[i] + gi[i]);
        next = left > 0 ? V_RESET : next;
        int fires = (int)(next > V_TH) & (int)(left <= 0);
        v[i] = fires ? V_RESET : next;
        int less = left > 0 ? left - 1 : 0;
        refractory[i] = fires ? REFRACTORY : less;
        uint32_t drawn = xorshift(bits[i]);
        bits[i] = drawn;
        ge[i] = ge[i] * P.current + DRIVE_WEIGHT * (real)poisson(drawn, c0, c1, c2, c3, c4, c5);
        gi[i] *= P.current;
        spiked[i] = (uint8_t)fires;
    }
}

struct Share {
    int low, n;
    std::vector<uint64_t> row;
    uint16_t* target;
    real *weight, *v, *ge, *gi;
    int* refractory;
    uint32_t* bits;
    uint8_t* spiked;
    std::vector<std::vector<int>> sent[2];
    double update_s = 0, deliver_s = 0;
    long spikes_E = 0, spikes_I = 0, events = 0;
};

static void wire(Share& h, int cells, int cells_E, double p, const Wiring* given, Random& random) {
    std::vector<uint16_t> targets;
    targets.reserve((size_t)(p * cells * h.n * 1.02) + 1000);
    h.row.resize(cells + 1);
    for (int s = 0; s < cells; s++) {
        h.row[s] = targets.size();
        if (given) given->each(s, h.low, h.n, [&](long j, int) { targets.push_back((uint16_t)j); });
        else pick(random, p, h.n, [&](long j) { targets.push_back((uint16_t)j); });
    }
    h.row[cells] = targets.size();
    h.target = zeros<uint16_t>(targets.size());
    memcpy(h.target, targets.data(), 2 * targets.size());
    h.weight = zeros<real>(targets.size());
    for (int s = 0; s < cells; s++)
        for (size_t q = h.row[s]; q < h.row[s + 1]; q++) h.weight[q] = s < cells_E ? WEIGHT_E : WEIGHT_I;
}

static void prepare(Share& h, Random& random) {
    h.v = zeros<real>(h.n), h.ge = zeros<real>(h.n), h.gi = zeros<real>(h.n);
    h.refractory = zeros<int>(h.n), h.bits = zeros<uint32_t>(h.n), h.spiked = zeros<uint8_t>(h.n + 64);
    for (int i = 0; i < h.n; i++) h.bits[i] = (uint32_t)random.bits() | 1;
    for (int i = 0; i < h.n; i++) h.v[i] = V_TH * random.uniform();
    for (auto& buffer : h.sent) buffer.resize(DELAY);
}

static void deliver(Share& h, const std::vector<int>& sources, int cells_E) {
    for (int source : sources) {
        const uint16_t* target = h.target + h.row[source];
        const real* weight = h.weight + h.row[source];
        const size_t m = h.row[source + 1] - h.row[source];
        real* __restrict current = source < cells_E ? h.ge : h.gi;
        for (size_t q = 0; q < m; q++) current[target[q]] += weight[q];
        h.events += m;
    }
}

// Spikes of one stretch of a delay are delivered during the next, so threads meet once a delay.
static void run(std::vector<Share>& shares, Share& h, int cells_E, int stretches, const Propagators& P) {
    for (int e = 0; e < stretches; e++) {
        for (int s = 0; s < DELAY; s++) {
            double begun = stopwatch_s();
            std::vector<int>& out = h.sent[e & 1][s];
            out.clear();
            update(h.n, h.v, h.ge, h.gi, h.refractory, h.spiked, h.bits, P);
            each_spike(h.spiked, h.n, [&](int b) { out.push_back(b + h.low); });
            long excitatory = std::lower_bound(out.begin(), out.end(), cells_E) - out.begin();
            h.spikes_E += excitatory, h.spikes_I += out.size() - excitatory;
            double updated = stopwatch_s();
            h.update_s += updated - begun;
            if (e)
                for (Share& other : shares) deliver(h, other.sent[(e & 1) ^ 1][s], cells_E);
            h.deliver_s += stopwatch_s() - updated;
        }
#pragma omp barrier
    }
}

int main(int count, char** text) {
    const int cells = count > 1 ? atoi(text[1]) : 10000, cells_E = cells * 8 / 10, threads = omp_get_max_threads();
    const double p = count > 2 ? atof(text[2]) : 0.1, milliseconds = count > 3 ? atof(text[3]) : 1000;
    const Wiring* given = count > 4 ? new Wiring(text[4], cells) : nullptr;
    std::vector<Share> shares(threads);
    size_t synapses = 0;
    double begun = now_s();
#pragma omp parallel reduction(+ : synapses)
    {
        int k = omp_get_thread_num();
        Share& h = shares[k];
        h.low = (long)cells * k / threads, h.n = (long)cells * (k + 1) / threads - h.low;
        Random random(1234 + k);
        wire(h, cells, cells_E, p, given, random);
        synapses += h.row[cells];
        prepare(h, random);
    }
    const double built = now_s(), decay_v = std::exp(-STEP / TAU_M), decay = std::exp(-STEP / TAU_S);
    const PoissonTable table(DRIVE_HZ * STEP * 1e-3);
    Propagators P{(real)decay_v, (real)(TAU_M * TAU_S / (TAU_M - TAU_S) / CAPACITANCE * (decay_v - decay)), (real)decay,
                  {}};
    memcpy(P.c, table.bound, sizeof P.c);
    const int stretches = (int)(milliseconds / STEP / DELAY + 1e-9);
    const double biological = stretches * DELAY * STEP / 1000, started = now_s();
#pragma omp parallel
    run(shares, shares[omp_get_thread_num()], cells_E, stretches, P);
    const double ran = now_s() - started;
    double spikes_E = 0, spikes_I = 0, events = 0;
    for (Share& h : shares) spikes_E += h.spikes_E, spikes_I += h.spikes_I, events += h.events;
    const size_t bytes = synapses * (2 + sizeof(real)) + threads * (cells + 1) * sizeof(uint64_t);
    report({"a", cells, threads, synapses, bytes, built - begun, ran, biological, spikes_E / cells_E / biological,
            spikes_I / (cells - cells_E) / biological, shares[0].update_s, shares[0].deliver_s, events});
}
