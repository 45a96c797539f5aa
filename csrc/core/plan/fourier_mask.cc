// FMix: draws noise with a decaying spectrum and keeps the sample's pixels where the noise is highest. This
// file computes the Fourier transform itself, in a fixed order and without libm, so that every machine gives the same
// bits. No FFT library promises that.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "formula/exact_math.h"
#include "plan/mask_rules.h"

namespace fastmix {

namespace {

// Waves below this share of the longest wave's amplitude are left out: they are invisible, but would take most of the
// time.
constexpr double kLeastAmplitude = 1e-4;

// cos and sin of 2 pi k / n for k = 0 ... n - 1, from their series on one eighth of the circle. Error below 1e-15.
struct Circle {
  explicit Circle(int32_t n) : cosine(n), sine(n) {
    for (int32_t k = 0; k < n; ++k) {
      // Take off whole quarter turns. In the second half of a quarter, use the angle to its end and swap cos and sin.
      const int64_t quarter = int64_t{4} * k / n;
      const int64_t rest = int64_t{4} * k - quarter * n;  // the angle that is left, in units of 1 / n of a quarter turn
      const bool past = 2 * rest > n;
      const double angle = 1.57079632679489661923 * static_cast<double>(past ? n - rest : rest) / n;
      double c = cosine_series(angle), s = sine_series(angle);
      if (past) std::swap(c, s);
      cosine[k] = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
      sine[k] = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
    }
  }
  std::vector<double> cosine, sine;

 private:
  static double cosine_series(double x) {
    double series = 1.0;
    for (int n = 16; n >= 2; n -= 2) series = 1.0 - series * (x * x) / (n * (n - 1));
    return series;
  }
  static double sine_series(double x) {
    double series = 1.0;
    for (int n = 17; n >= 3; n -= 2) series = 1.0 - series * (x * x) / (n * (n - 1));
    return series * x;
  }
};

struct Spectrum {
  int32_t down, across;                 // frequencies -down ... down along y, 0 ... across along x
  std::vector<double> real, imaginary;  // 2 * down + 1 rows of across + 1 numbers
};

Spectrum draw_spectrum(double decay, int32_t height, int32_t width, RandomStream& draws) {
  // Frequencies count waves along the longer side, so the longest wave has frequency 1.
  const double longer = std::max(height, width);
  const double highest = exact_exp(-exact_log(kLeastAmplitude) / decay);
  const auto most = [&](int32_t side) { return static_cast<int32_t>(std::min(side / 2.0, highest * side / longer)); };
  Spectrum spectrum{most(height), most(width), {}, {}};
  for (int32_t ky = -spectrum.down; ky <= spectrum.down; ++ky) {
    for (int32_t kx = 0; kx <= spectrum.across; ++kx) {
      const double y = ky * longer / height, x = kx * longer / width;
      const double frequency = std::max(std::sqrt(y * y + x * x), 1.0);
      // The spectrum stores one of each pair of conjugate waves, so a stored wave counts twice. The first column and,
      // for an even width, the last column store both waves of a pair, so their waves count once.
      const double amplitude = (kx == 0 || 2 * kx == width ? 1.0 : 2.0) * exact_exp(-decay * exact_log(frequency));
      spectrum.real.push_back(draws.normal() * amplitude);
      spectrum.imaginary.push_back(draws.normal() * amplitude);
    }
  }
  return spectrum;
}

// The inverse transform of a spectrum: sums the waves along y first, then along x.
std::vector<double> synthesize(const Spectrum& spectrum, int32_t height, int32_t width) {
  const Circle rows(height), columns(width);
  const int32_t waves = spectrum.across + 1;
  std::vector<double> image(static_cast<size_t>(height) * width, 0.0);
  std::vector<double> real(waves), imaginary(waves);
  for (int32_t y = 0; y < height; ++y) {
    std::fill(real.begin(), real.end(), 0.0);
    std::fill(imaginary.begin(), imaginary.end(), 0.0);
    for (int32_t ky = -spectrum.down; ky <= spectrum.down; ++ky) {
      const int64_t turn = ((int64_t{ky} * y) % height + height) % height;
      const double c = rows.cosine[turn], s = rows.sine[turn];
      const size_t first = static_cast<size_t>(ky + spectrum.down) * waves;
      for (int32_t kx = 0; kx < waves; ++kx) {
        real[kx] += spectrum.real[first + kx] * c - spectrum.imaginary[first + kx] * s;
        imaginary[kx] += spectrum.real[first + kx] * s + spectrum.imaginary[first + kx] * c;
      }
    }
    double* row = image.data() + static_cast<size_t>(y) * width;
    for (int32_t kx = 0; kx < waves; ++kx) {
      int32_t turn = 0;
      for (int32_t x = 0; x < width; ++x) {
        row[x] += real[kx] * columns.cosine[turn] - imaginary[kx] * columns.sine[turn];
        turn = turn + kx < width ? turn + kx : turn + kx - width;
      }
    }
  }
  return image;
}

}  // namespace

void draw_fourier(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
                  uint8_t* levels) {
  const std::vector<double> noise = synthesize(draw_spectrum(rule.decay, height, width, draws), height, width);
  const auto pixels = static_cast<int64_t>(noise.size());
  const auto kept = static_cast<int64_t>(weight * static_cast<double>(pixels) + 0.5);
  const double soft_share = std::min({rule.softness, weight, 1.0 - weight});
  const auto soft = std::min({static_cast<int64_t>(soft_share * static_cast<double>(pixels)), kept, pixels - kept});

  // Ranks the pixels and breaks ties by position, so exactly `kept` pixels stay even if the noise is flat. Only the
  // pixels on the soft edge need a full sort.
  std::vector<int32_t> order(pixels);
  std::iota(order.begin(), order.end(), 0);
  const auto higher = [&](int32_t a, int32_t b) { return noise[a] != noise[b] ? noise[a] > noise[b] : a < b; };
  const auto edge_begin = order.begin() + (kept - soft), edge_end = order.begin() + (kept + soft);
  std::nth_element(order.begin(), edge_begin, order.end(), higher);
  if (soft > 0) {
    std::nth_element(edge_begin, edge_end, order.end(), higher);
    std::sort(edge_begin, edge_end, higher);
  }
  std::fill_n(levels, pixels, uint8_t{0});
  for (auto at = order.begin(); at != edge_begin; ++at) levels[*at] = 255;
  // Levels on the soft edge fall from 255 to 0 in even steps, both ends included.
  for (int64_t k = 0; k < 2 * soft; ++k) {
    const double share = 1.0 - static_cast<double>(k) / static_cast<double>(2 * soft - 1);
    levels[edge_begin[k]] = static_cast<uint8_t>(share * 255.0 + 0.5);
  }
}

}  // namespace fastmix
