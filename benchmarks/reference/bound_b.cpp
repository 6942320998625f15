// Lower bound for network (b): conductance-based cells with AMPA, NMDA and GABA, delays 1.0 to 2.0 ms, step 0.1 ms.
//
//     FLAGS="-O3 -march=native -mprefer-vector-width=512 -ffast-math -fopenmp"
//     g++ $FLAGS [-DREAL=double] [-DBARE] bound_b.cpp -o bound_b
//     OMP_NUM_THREADS=1 ./bound_b [cells 5000] [probability 0.08] [milliseconds 1000] [file of a wiring]
//
// Every thread owns its cells and the synapses onto them: rows by source and delay, a 16-bit target and two weights a
// synapse. The voltage is stepped by exponential Euler, conductances decay exactly. Units are mV, nS, ms, pF. It prints
// one line of JSON.
#include "bound.h"

const double STEP = 0.1, TAU_A = 2, TAU_RISE = 2, TAU_N = 100, TAU_G = 5, ALPHA = 0.5, DRIVE_HZ = 2400;
const real DRIVE_E = 2.1, DRIVE_I = 1.62, WEIGHT_A = 0.2, WEIGHT_N = 0.03, WEIGHT_G = 3.0;
const int SHORTEST = 10, LONGEST = 20, DELAYS = LONGEST - SHORTEST + 1, RING = LONGEST + SHORTEST + 1;

struct Decay {
    real A, rise, N, G, gate;
    int c[6];
};

struct Share {
    int low, n;
    std::vector<uint32_t> row;
    uint16_t* target;
    real *weight, *v, *drive, *A_and_x, *s, *G, *g_L, *step_per_C;
    int *refractory, *refractory_steps;
    uint32_t* bits;
    uint8_t* spiked;
    std::vector<std::vector<int>> sent;
    double update_s = 0, deliver_s = 0;
    long spikes_E = 0, spikes_I = 0, events = 0;
};

// A function of its own with restrict arguments: inside the OpenMP region g++ 12 does not vectorise the loop.
__attribute__((noinline)) static void update(int n, const int* __restrict refractory_steps,
                                             const real* __restrict drive, real* __restrict v,
                                             real* __restrict A_and_x, real* __restrict s, real* __restrict G,
                                             const real* __restrict g_L, const real* __restrict step_per_C,
                                             int* __restrict refractory, uint32_t* __restrict bits,
                                             uint8_t* __restrict spiked, const Decay& given) {
    const Decay D = given;
    const int c0 = D.c[0], c1 = D.c[1], c2 = D.c[2], c3 = D.c[3], c4 = D.c[4], c5 = D.c[5];
    const real reset = -60, threshold = -50, E_L = -70, per_mg = 1 / (real)3.57, slope = -0.062;
    for (int i = 0; i < n; i++) {
        real V = v[i], g_A = A_and_x[2 * i], x = A_and_x[2 * i + 1], S = s[i], g_G = G[i];
        real g_N = S / (1 + per_mg * std::exp(slope * V));
        // Excitation reverses at 0 mV, inhibition at the leak's potential.
        real total = g_L[i] + g_A + g_N + g_G, limit = (g_L[i] + g_G) * E_L / total;
        real next = limit + (V - limit) * std::exp(-total * step_per_C[i]);
        int left = refractory[i];
        next = left > 0 ? reset : next;
        int fires = (int)(next > threshold) & (int)(left <= 0);
        v[i] = fires ? reset : next;
        int less = left > 0 ? left - 1 : 0;
        refractory[i] = fires ? refractory_steps[i] : less;
        spiked[i] = (uint8_t)fires;
        uint32_t drawn = xorshift(bits[i]);
        bits[i] = drawn;
        A_and_x[2 * i] = g_A * D.A + drive[i] * (real)poisson(drawn, c0, c1, c2, c3, c4, c5);
        A_and_x[2 * i + 1] = x * D.rise;
        s[i] = S * D.N + D.gate * x;
        G[i] = g_G * D.G;
    }
}

static void wire(Share& h, int cells, int cells_E, double p, const Wiring* given, Random& random) {
    std::vector<uint16_t> targets;
    std::vector<uint32_t> by_delay[DELAYS];
    h.row.resize((size_t)cells * DELAYS + 1);
    for (int s = 0; s < cells; s++) {
        for (auto& some : by_delay) some.clear();
        if (given) given->each(s, h.low, h.n, [&](long j, int d) { by_delay[d - SHORTEST].push_back((uint32_t)j); });
        else pick(random, p, h.n, [&](long j) { by_delay[(int)(random.uniform() * DELAYS)].push_back((uint32_t)j); });
        for (int d = 0; d < DELAYS; d++) {
            h.row[(size_t)s * DELAYS + d] = targets.size();
            for (uint32_t j : by_delay[d]) targets.push_back((uint16_t)j);
        }
    }
    h.row[(size_t)cells * DELAYS] = targets.size();
    h.target = zeros<uint16_t>(targets.size());
    memcpy(h.target, targets.data(), 2 * targets.size());
    h.weight = zeros<real>(2 * targets.size());
    for (int s = 0; s < cells; s++)
        for (size_t q = h.row[(size_t)s * DELAYS]; q < h.row[(size_t)(s + 1) * DELAYS]; q++) {
            h.weight[2 * q] = s < cells_E ? WEIGHT_A : WEIGHT_G;
            h.weight[2 * q + 1] = s < cells_E ? WEIGHT_N : 0;
        }
}

static void prepare(Share& h, int cells_E, Random& random) {
    h.v = zeros<real>(h.n), h.drive = zeros<real>(h.n), h.A_and_x = zeros<real>(2 * h.n + 64), h.s = zeros<real>(h.n);
    h.G = zeros<real>(h.n), h.g_L = zeros<real>(h.n), h.step_per_C = zeros<real>(h.n);
    h.refractory = zeros<int>(h.n), h.refractory_steps = zeros<int>(h.n);
    h.bits = zeros<uint32_t>(h.n), h.spiked = zeros<uint8_t>(h.n + 64);
    h.sent.resize(RING);
    for (int i = 0; i < h.n; i++) {
        const bool excitatory = i + h.low < cells_E;
        h.v[i] = -70 + 18 * random.uniform();
        h.g_L[i] = excitatory ? 25 : 20;
        h.step_per_C[i] = STEP / (excitatory ? 500 : 200);
        h.refractory_steps[i] = excitatory ? 20 : 10;
        h.drive[i] = excitatory ? DRIVE_E : DRIVE_I;
        h.bits[i] = (uint32_t)random.bits() | 1;
    }
}

static void deliver(Share& h, const std::vector<int>& sources, int delay, int cells_E) {
    for (int source : sources) {
        const size_t slot = (size_t)source * DELAYS + delay - SHORTEST, from = h.row[slot], to = h.row[slot + 1];
        const uint16_t* target = h.target;
        const real* weight = h.weight;
        real *A_and_x = h.A_and_x, *G = h.G;
        h.events += to - from;
        if (source < cells_E)
            for (size_t q = from; q < to; q++) {
                real* g = A_and_x + 2 * target[q];
                g[0] += weight[2 * q];
                g[1] += weight[2 * q + 1];
            }
        else
            for (size_t q = from; q < to; q++) G[target[q]] += weight[2 * q];
    }
}

// Threads meet once in every shortest delay; the ring is long enough that none overwrites what another still reads.
static void run(std::vector<Share>& shares, Share& h, int cells_E, int steps, const Decay& D) {
    for (int t = 0; t < steps; t++) {
        double begun = stopwatch_s();
        std::vector<int>& out = h.sent[t % RING];
        out.clear();
        update(h.n, h.refractory_steps, h.drive, h.v, h.A_and_x, h.s, h.G, h.g_L, h.step_per_C, h.refractory, h.bits,
               h.spiked, D);
        each_spike(h.spiked, h.n, [&](int b) { out.push_back(b + h.low); });
        long excitatory = std::lower_bound(out.begin(), out.end(), cells_E) - out.begin();
        h.spikes_E += excitatory, h.spikes_I += out.size() - excitatory;
        double updated = stopwatch_s();
        h.update_s += updated - begun;
        for (int d = SHORTEST; d <= LONGEST && d <= t; d++)
            for (Share& other : shares) deliver(h, other.sent[(t - d) % RING], d, cells_E);
        h.deliver_s += stopwatch_s() - updated;
        if ((t + 1) % SHORTEST == 0) {
#pragma omp barrier
        }
    }
}

int main(int count, char** text) {
    const int cells = count > 1 ? atoi(text[1]) : 5000, cells_E = cells * 8 / 10, threads = omp_get_max_threads();
    const double p = count > 2 ? atof(text[2]) : 0.08, milliseconds = count > 3 ? atof(text[3]) : 1000;
    const Wiring* given = count > 4 ? new Wiring(text[4], cells) : nullptr;
    std::vector<Share> shares(threads);
    size_t synapses = 0;
    double begun = now_s();
#pragma omp parallel reduction(+ : synapses)
    {
        int k = omp_get_thread_num();
        Share& h = shares[k];
        h.low = (long)cells * k / threads, h.n = (long)cells * (k + 1) / threads - h.low;
        Random random(77 + k);
        wire(h, cells, cells_E, p, given, random);
        synapses += h.row[(size_t)cells * DELAYS];
        prepare(h, cells_E, random);
    }
    const double built = now_s();
    const PoissonTable table(DRIVE_HZ * STEP * 1e-3);
    Decay D{(real)std::exp(-STEP / TAU_A), (real)std::exp(-STEP / TAU_RISE), (real)std::exp(-STEP / TAU_N),
            (real)std::exp(-STEP / TAU_G), (real)(ALPHA * STEP), {}};
    memcpy(D.c, table.bound, sizeof D.c);
    int steps = (int)(milliseconds / STEP + 1e-9);
    steps -= steps % SHORTEST;
    const double biological = steps * STEP / 1000, started = now_s();
#pragma omp parallel
    run(shares, shares[omp_get_thread_num()], cells_E, steps, D);
    const double ran = now_s() - started;
    double spikes_E = 0, spikes_I = 0, events = 0;
    for (Share& h : shares) spikes_E += h.spikes_E, spikes_I += h.spikes_I, events += h.events;
    const size_t bytes = synapses * (2 + 2 * sizeof(real)) + threads * ((size_t)cells * DELAYS + 1) * sizeof(uint32_t);
    report({"b", cells, threads, synapses, bytes, built - begun, ran, biological, spikes_E / cells_E / biological,
            spikes_I / (cells - cells_E) / biological, shares[0].update_s, shares[0].deliver_s, events});
}
