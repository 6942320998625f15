// The loop over steps, and the functions that Python calls.
#include <cstdio>
#include "engine.hpp"
#include "exchange.hpp"
#include "rows.hpp"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace {

// Values below 1e-308 cost a hundredfold and mean nothing; the setting belongs to the thread, so it is put back.
struct FlushDenormals {
#if defined(__x86_64__) && !defined(MSIM_STRICT)
    unsigned before = _mm_getcsr();
    FlushDenormals() { _mm_setcsr(before | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before); }
#endif
};

void collect(Engine& E, Population& P, size_t p, int64_t step) {
    P.now.clear();
    std::vector<uint32_t>& spikes = slot(E, p, step);
    spikes.clear();
    find_fired(P.fired.data, P.n_pad, P.fired_blocks.data);
    for (int b = 0; b < P.n_pad / PAD; ++b) {
        if (!P.fired_blocks[b]) continue;
        const int end = std::min((b + 1) * PAD, P.n);
        for (int j = b * PAD; j < end; ++j)
            if (P.fired[j]) P.now.push_back((uint32_t)j);
    }
    for (uint32_t k : P.now) {
        spikes.push_back(P.gid[k]);
        if (P.keep_spikes) { P.spike_steps.push_back(step); P.spike_cells.push_back(P.gid[k]); }
    }
}

void deliver(Engine& E, int64_t step) {
    for (int s = 0; s < model.projections; ++s) {
        Projection& S = E.projections[s];
        const ProjectionCode& code = model.projection[s];
        if (!S.n || !code.deliver[0][0]) continue;
        const Deliver work = code.deliver[S.uint16_targets ? 0 : 1][S.float32_weights ? 0 : 1];
        for (int d = S.longest; d >= S.shortest; --d) {
            if (d > step) continue;
            for (uint32_t source : slot(E, S.origin, step - d)) {
                const uint32_t from = S.begin(source, d), to = S.begin(source, d + 1);
                if (from < to) work(E, S, source, from, to, step);
            }
        }
    }
}

bool is_finite(real x) {
#ifdef MSIM_SINGLE
    uint32_t bits; std::memcpy(&bits, &x, 4); return (bits & 0x7F800000u) != 0x7F800000u;
#else
    uint64_t bits; std::memcpy(&bits, &x, 8); return (bits & 0x7FF0000000000000u) != 0x7FF0000000000000u;
#endif
}

void check(Engine& E, int64_t step) {
    if (E.failure.status != RAN) return;
    for (size_t p = 0; p < E.populations.size(); ++p) {
        Population& P = E.populations[p];
        for (int a : E.checked[p])
            for (int i = 0; i < P.n; ++i)
                if (!is_finite(P.arrays[a][i])) {
                    E.failure = {NOT_FINITE, (int32_t)p, a, E.exchange.rank, P.gid[i], step};
                    return;
                }
        if ((double)P.window_count > P.highest_count) {
            E.failure = {RUNAWAY, (int32_t)p, -1, E.exchange.rank, -1, step};
            return;
        }
        P.window_count = 0;
    }
}

// A number in units of 2^-100, cut off there: the sum of such integers does not depend on their order, and so not
// on the partition.
__int128 fixed_point(double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, 8);
    const int exponent = (int)((bits >> 52) & 0x7FF);
    if (exponent == 0) return 0;
    const __int128 digits = (__int128)((bits & 0xFFFFFFFFFFFFFu) | 0x10000000000000u);
    const int shift = exponent - 1075 + 100;
    const __int128 size = shift >= 0 ? (shift < 74 ? digits << shift : digits << 74) : shift > -53 ? digits >> -shift : 0;
    return bits >> 63 ? -size : size;
}

void add_exactly(std::vector<int64_t>& into, const real* values, int n) {
    __int128 total = 0;
    for (int i = 0; i < n; ++i) total += fixed_point((double)values[i]);
    into.push_back((int64_t)total);
    into.push_back((int64_t)(total >> 64));
}

void sample(Engine& E, int64_t step) {
    const int half = step >= E.sample_half;
    for (int p = 0; p < model.populations; ++p) {
        Population& P = E.populations[p];
        if (!model.population[p].watch) continue;
        model.population[p].watch(E, P, step);
        for (Watch& W : P.watches) {
            if (W.keep & 1) for (int i = 0; i < P.n; ++i) W.sum[half][i] += (double)W.value[i];
            if (W.keep & 2) add_exactly(W.means, W.value.data, P.n);
            if (W.keep & 4) for (uint32_t i : P.traced) W.trace.push_back(W.value[i]);
        }
    }
    E.samples++;
}

void advance(Engine& E, int64_t step) {
    for (int s = 0; s < model.projections; ++s)
        if (model.projection[s].sum) model.projection[s].sum(E, E.projections[s], step);
    for (int p = 0; p < model.populations; ++p) {
        Population& P = E.populations[p];
        for (Drive& D : P.drives) count_events(E, P, D, step);
        for (Site& S : P.sites) draw_site(E, P, S, step);
        model.population[p].update(E, P, step);
        for (int i = P.n; i < P.n_pad; ++i) P.fired[i] = 0;
        collect(E, P, p, step);
        if (E.exchange.size == 1) P.window_count += (int64_t)P.now.size();
    }
    for (int s = 0; s < model.projections; ++s)
        if (model.projection[s].update) model.projection[s].update(E, E.projections[s], step);
    deliver(E, step);
    for (int p = 0; p < model.populations; ++p)
        if (model.population[p].reset) model.population[p].reset(E, E.populations[p], step);
    if (E.sampling && step >= E.sample_from && step % E.sample_every == 0) sample(E, step);
    if ((step + 1) % E.check_every == 0) check(E, step);
}

volatile int* told_now = nullptr;
void tell(int number) { if (told_now) *told_now = TOLD + number; }

// Python's own handlers do not run inside C++: these do, for as long as the loop lasts.
struct Signals {
    struct sigaction interrupt, terminate;
    explicit Signals(Engine& E) {
        told_now = &E.told;
        struct sigaction own;
        std::memset(&own, 0, sizeof own);
        own.sa_handler = tell;
        sigaction(SIGINT, &own, &interrupt);
        sigaction(SIGTERM, &own, &terminate);
        // Who ignores them leaves them to another process.
        if (interrupt.sa_handler == SIG_IGN) sigaction(SIGINT, &interrupt, nullptr);
        if (terminate.sa_handler == SIG_IGN) sigaction(SIGTERM, &terminate, nullptr);
    }
    ~Signals() {
        sigaction(SIGINT, &interrupt, nullptr);
        sigaction(SIGTERM, &terminate, nullptr);
        told_now = nullptr;
    }
};

}  // namespace

extern "C" {
#pragma GCC visibility push(default)

int msim_version() { return 1; }

void* msim_new(uint64_t seed, double dt) {
    Engine* E = new Engine;
    E->seed = (uint32_t)seed; E->high = (uint32_t)(seed >> 32); E->dt = dt;
    E->populations = std::vector<Population>(model.populations);
    E->projections = std::vector<Projection>(model.projections);
    E->timed.resize(model.timed);
    E->ring.resize(model.populations);
    E->checked.resize(model.populations);
    for (int s = 0; s < model.projections; ++s) {
        E->projections[s].key = model.projection[s].key ^ E->high;
        E->projections[s].origin = model.projection[s].origin;
        E->projections[s].target = model.projection[s].target;
        E->projections[s].scalars.assign(model.projection[s].scalars, 0.0);
        E->projections[s].fixed.assign(model.projection[s].fixed + 1, 0.0);
    }
    return E;
}

void msim_delete(Engine* E) { delete E; }

// The cells of a population that live here: their numbers within it, rising.
void msim_population(Engine* E, int p, int64_t n_global, int n, const uint32_t* gid) {
    Population& P = E->populations[p];
    const PopulationCode& code = model.population[p];
    P.key = code.key ^ E->high; P.n_global = n_global; P.n = n; P.n_pad = padded(n);
    P.gid.make(P.n_pad);
    std::copy(gid, gid + n, P.gid.data);
    P.arrays = std::vector<Buffer<real>>(code.arrays);
    for (auto& one : P.arrays) one.make(P.n_pad);
    P.scalars.assign(code.scalars, 0.0);
    P.fixed.assign(code.fixed + 1, 0.0);
    P.refractory.make(P.n_pad); P.refractory_steps.make(P.n_pad); P.fired.make(P.n_pad);
    P.fired_blocks.make(P.n_pad / PAD + 1);
    P.drives = std::vector<Drive>(code.drives);
    for (int d = 0; d < code.drives; ++d) {
        P.drives[d].key = code.drive_keys[d] ^ E->high;
        P.drives[d].words.make(4 * (size_t)P.n_pad);
        P.drives[d].thresholds.make(PAD);
        P.drives[d].events = P.arrays[code.events[d]].data;
    }
    P.sites = std::vector<Site>(code.sites);
    for (int s = 0; s < code.sites; ++s) {
        P.sites[s].number = code.site_list[s].number;
        P.sites[s].normal = code.site_list[s].normal;
        P.sites[s].values.make(2 * (size_t)P.n_pad);
    }
    P.watches = std::vector<Watch>(code.watches);
    for (auto& one : P.watches) { one.value.make(P.n_pad); one.sum[0].make(P.n_pad); one.sum[1].make(P.n_pad); }
}

void* msim_array(Engine* E, int p, int a) { return E->populations[p].arrays[a].data; }
void* msim_refractory(Engine* E, int p) { return E->populations[p].refractory.data; }
double* msim_scalars(Engine* E, int p) { return E->populations[p].scalars.data(); }
double* msim_projection_scalars(Engine* E, int s) { return E->projections[s].scalars.data(); }

void msim_limits(Engine* E, int p, double highest_count, const int* checked, int n) {
    E->populations[p].highest_count = highest_count;
    E->checked[p].assign(checked, checked + n);
}

// Thresholds of a drive: shape (count, local cells), or (count,) where all cells share them.
void msim_drive(Engine* E, int p, int d, int count, int per_cell, const uint32_t* thresholds) {
    Population& P = E->populations[p];
    Drive& D = P.drives[d];
    D.count = count; D.per_cell = per_cell;
    const uint32_t seldom = 0xFFFFFFFFu - 4295u;  // a chance of 1e-6
    D.usual = 0;
    for (int k = 0; k < count; ++k)
        for (int i = 0; i < (per_cell ? P.n : 1); ++i)
            if (thresholds[per_cell ? (size_t)k * P.n + i : (size_t)k] < seldom) D.usual = k + 1;
    const int width = per_cell ? P.n_pad : PAD;
    D.thresholds.make((size_t)std::max(count, 1) * width);
    for (int k = 0; k < count; ++k)
        for (int i = 0; i < width; ++i)
            D.thresholds[(size_t)k * width + i] =
                !per_cell ? thresholds[k] : i < P.n ? thresholds[(size_t)k * P.n + i] : 0xFFFFFFFFu;
}

void msim_timed(Engine* E, int k, double step, int64_t refine, int64_t times, int64_t cells, const double* values) {
    Timed& T = E->timed[k];
    T.step = step; T.refine = refine; T.times = times; T.cells = cells;
    T.values.assign(values, values + times * cells);
    T.none = (real)std::nan("");
}

// Contacts onto the local cells, row by row; delays in steps, values by contact. Returns bytes kept.
int64_t msim_connect(Engine* E, int s, int64_t rows, const int64_t* indptr, const uint32_t* pre, const int32_t* delay,
                     const double* const* values) {
    Projection& S = E->projections[s];
    const ProjectionCode& code = model.projection[s];
    build_csr(*E, code, S, rows, indptr, pre, delay, values);
    const int needed = S.longest + E->exchange.interval + 2;
    if (needed > E->ring_size) E->ring_size = needed;
    for (auto& one : E->ring) one.resize(E->ring_size);
    int64_t bytes = (int64_t)S.row.size() * 4 + (int64_t)S.by_delay.size() * 2 + (int64_t)S.by_delay_long.size() * 4;
    bytes += S.n_pad * (S.uint16_targets ? 2 : 4) + code.values * S.n_pad * (S.float32_weights ? 4 : 8);
    bytes += code.states * S.n_pad * (int64_t)sizeof(real) + (code.keeps_time ? 8 : 0) * S.n_pad;
    return bytes + (code.draws ? S.n_pad : 0);
}

int64_t msim_contacts(Engine* E, int s) { return E->projections[s].n; }

// All contacts as they lie: source, local target, delay in steps, and values and states in rows of n.
void msim_read_contacts(Engine* E, int s, uint32_t* source, uint32_t* target, int32_t* delay, double* values) {
    const Projection& S = E->projections[s];
    const ProjectionCode& code = model.projection[s];
    for (int64_t p = 0; p + 1 < (int64_t)S.row.size(); ++p)
        for (int d = S.shortest; d <= S.longest; ++d)
            for (int64_t k = S.begin(p, d); k < S.begin(p, d + 1); ++k) { source[k] = p; delay[k] = d; }
    for (int64_t k = 0; k < S.n; ++k) target[k] = S.target_of(k);
    for (int v = 0; v < code.values; ++v)
        for (int64_t k = 0; k < S.n; ++k) values[v * S.n + k] = S.float32_weights ? S.float32_values[v][k] : S.values[v][k];
}

real* msim_state(Engine* E, int s, int v) { return E->projections[s].states[v].data; }
double* msim_last_update(Engine* E, int s) { return E->projections[s].last_update.data; }
uint8_t* msim_contact_numbers(Engine* E, int s) { return E->projections[s].contact.data(); }

void msim_exchange(Engine* E, int rank, int size, int interval, void* gather, uintptr_t communicator, uintptr_t int32) {
    Exchange& X = E->exchange;
    X.rank = rank; X.size = size; X.interval = interval;
    X.gather = reinterpret_cast<Allgather>(gather); X.communicator = communicator; X.int32 = int32;
    X.done = E->step;
    for (const Projection& S : E->projections)
        E->ring_size = std::max(E->ring_size, S.longest + interval + 2);
    for (auto& one : E->ring) one.resize(E->ring_size);
}

int msim_shortest_delay(Engine* E) {
    int shortest = 1 << 30;
    for (const Projection& S : E->projections) if (S.n) shortest = std::min(shortest, S.shortest);
    return shortest;
}

int msim_ring_size(Engine* E) { return E->ring_size; }
int64_t msim_step(Engine* E) { return E->step; }
const volatile int64_t* msim_step_address(Engine* E) { return &E->step; }

void msim_set_step(Engine* E, int64_t step) {
    E->step = step;
    E->exchange.done = step;
    for (Population& P : E->populations) {
        for (Drive& D : P.drives) D.block = -1;
        for (Site& S : P.sites) S.block = -1;
    }
}

// Spikes still on their way: cells of a population that fired at a step.
int64_t msim_recent(Engine* E, int p, int64_t step, const uint32_t** cells) {
    const std::vector<uint32_t>& spikes = slot(*E, p, step);
    *cells = spikes.data();
    return (int64_t)spikes.size();
}

void msim_set_recent(Engine* E, int p, int64_t step, int64_t n, const uint32_t* cells) {
    slot(*E, p, step).assign(cells, cells + n);
}

void msim_watch(Engine* E, int64_t from, int64_t half, int64_t every) {
    E->sampling = true; E->sample_from = from; E->sample_half = half; E->sample_every = every; E->samples = 0;
    for (Population& P : E->populations)
        for (Watch& W : P.watches) {
            for (auto& sum : W.sum) std::fill(sum.data, sum.data + P.n_pad, 0.0);
            W.means.clear(); W.trace.clear();
        }
}

void msim_keep(Engine* E, int p, int w, int keep) { E->populations[p].watches[w].keep = keep; }
void msim_trace(Engine* E, int p, const uint32_t* cells, int n) { E->populations[p].traced.assign(cells, cells + n); }
int64_t msim_samples(Engine* E) { return E->samples; }
// Forget single samples, not their sums: a long burst is read out in pieces.
void msim_clear_samples(Engine* E) {
    E->samples = 0;
    for (Population& P : E->populations)
        for (Watch& W : P.watches) { W.means.clear(); W.trace.clear(); }
}
double* msim_sum(Engine* E, int p, int w, int half) { return E->populations[p].watches[w].sum[half].data; }
const int64_t* msim_means(Engine* E, int p, int w) { return E->populations[p].watches[w].means.data(); }
const real* msim_traced(Engine* E, int p, int w, int64_t* n) {
    *n = (int64_t)E->populations[p].watches[w].trace.size();
    return E->populations[p].watches[w].trace.data();
}

void msim_keep_spikes(Engine* E, int p, int keep) { E->populations[p].keep_spikes = keep; }
int64_t msim_spikes(Engine* E, int p, const int64_t** steps, const uint32_t** cells) {
    *steps = E->populations[p].spike_steps.data();
    *cells = E->populations[p].spike_cells.data();
    return (int64_t)E->populations[p].spike_steps.size();
}
void msim_clear_spikes(Engine* E, int p) {
    E->populations[p].spike_steps.clear();
    E->populations[p].spike_cells.clear();
}

// Ask all ranks to stop; `code` is what every one of them gets back.
void msim_tell(Engine* E, int code) { E->told = TOLD + code; }

// Run a number of steps. Returns the status; msim_failure has the rest.
int msim_run(Engine* E, int64_t steps) {
    FlushDenormals flush;
    Signals signals(*E);
    E->failure = Failure();
    for (int p = 0; p < model.populations; ++p) model.population[p].prepare(*E, E->populations[p]);
    for (int s = 0; s < model.projections; ++s)
        if (model.projection[s].prepare) model.projection[s].prepare(*E, E->projections[s]);
    Exchange& X = E->exchange;
    const int64_t end = E->step + steps;
    bool agreed = false;
    while (E->step < end) {
        if (X.size > 1 && E->step % X.interval == 0 && E->step > X.done) {
            if (exchange_spikes(*E, X.done, E->step)) { agreed = true; break; }
        } else if (X.size == 1 && (E->told || E->failure.status)) {
            if (!E->failure.status) { E->failure.status = E->told; E->failure.step = E->step; }
            break;
        }
        advance(*E, E->step);
        E->step = E->step + 1;
    }
    // What the last steps said reaches all ranks before they part; their spikes stay for the next exchange.
    if (X.size > 1 && !agreed) {
        const int64_t done = X.done;
        exchange_spikes(*E, E->step, E->step);
        X.done = done;
    }
    if (X.size == 1 && !E->failure.status && E->told) { E->failure.status = E->told; E->failure.step = E->step; }
    E->told = 0;
    return E->failure.status;
}

const Failure* msim_failure(Engine* E) { return &E->failure; }

#pragma GCC visibility pop
}
